import { after, before } from "node:test";
import { LabCluster } from "./cluster.ts";

/** Starts a cluster before the scenarios of a suite and ends it after them; returns how they reach it. */
export function startedCluster(): () => LabCluster {
  const resources = new AsyncDisposableStack();
  let lab: LabCluster;
  before(
    async () => {
      lab = resources.use(await LabCluster.start((line) => process.stdout.write(`${line}\n`)));
    },
    { timeout: 600_000 },
  );
  after(() => resources.disposeAsync());
  return () => lab;
}
