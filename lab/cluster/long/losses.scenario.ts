import { after, before, describe } from "node:test";
import { LabCluster } from "../cluster.ts";
import { hungCharonScenarios, hungWithoutProbeScenarios } from "../scenarios/hung-charon.ts";
import { lostNodeScenarios, worseNodeScenarios } from "../scenarios/lost-nodes.ts";
import { lostPeerScenarios, morePeerScenarios } from "../scenarios/lost-peers.ts";
import { walkThroughScenarios } from "../scenarios/walk-through.ts";
import { betweenTwoGateways } from "../two-gateways.ts";

/** Every unplanned loss between two nodes and two gateways of the partner, which takes a quarter of an hour. */
describe("a cluster with two nodes and a partner with two gateways", () => {
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
  betweenTwoGateways(cluster, (losses) => {
    lostPeerScenarios(losses);
    morePeerScenarios(losses);
    hungCharonScenarios(losses);
    hungWithoutProbeScenarios(losses);
    lostNodeScenarios(losses);
    worseNodeScenarios(losses);
  });
});
