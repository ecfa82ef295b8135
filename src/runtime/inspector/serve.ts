import { InspectorServer } from "../../adapters/inspector/inspector-server.ts";
import { inspection, type Inspected } from "./inspection.ts";

/** Serves the inspector of a supervisor's actors on `host:port`. */
export function serveInspector(address: string, running: Inspected): Promise<InspectorServer> {
  return InspectorServer.listen(address, (how) => inspection(running, how));
}
