import { InspectorServer } from "../../adapters/inspector/inspector-server.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";
import { inspection } from "./inspection.ts";

/** Serves the inspector of a supervisor's actors on `host:port`. */
export function serveInspector(address: string, supervisor: Supervisor): Promise<InspectorServer> {
  return InspectorServer.listen(address, (how) => inspection(supervisor, how));
}
