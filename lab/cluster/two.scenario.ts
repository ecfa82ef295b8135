import { after, before, describe } from "node:test";
import { LabCluster } from "./cluster.ts";
import { nodeScenarios } from "./scenarios/nodes.ts";
import { walkThroughScenarios } from "./scenarios/walk-through.ts";

describe("a cluster", () => {
  const resources = new AsyncDisposableStack();
  let lab: LabCluster;
  const cluster = () => lab;
  before(
    async () => {
      lab = resources.use(await LabCluster.start((line) => process.stdout.write(`${line}\n`)));
    },
    { timeout: 600_000 },
  );
  after(() => resources.disposeAsync());
  walkThroughScenarios(cluster);
  nodeScenarios(cluster);
});
