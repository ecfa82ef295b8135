import { describe } from "node:test";
import { hungCharonScenarios, hungWithoutProbeScenarios } from "../scenarios/hung-charon.ts";
import { lostNodeScenarios, worseNodeScenarios } from "../scenarios/lost-nodes.ts";
import { lostPeerScenarios, morePeerScenarios } from "../scenarios/lost-peers.ts";
import { remoteServiceLossScenarios } from "../scenarios/remote-service-losses.ts";
import { walkThroughScenarios } from "../scenarios/walk-through.ts";
import { betweenTwoGateways } from "../two-gateways.ts";
import { startedCluster } from "../started-cluster.ts";

/** Every unplanned loss between two nodes and two gateways of the partner, which takes a quarter of an hour. */
describe("a cluster with two nodes and a partner with two gateways", () => {
  const cluster = startedCluster();

  walkThroughScenarios(cluster);
  betweenTwoGateways(cluster, (losses) => {
    lostPeerScenarios(losses);
    morePeerScenarios(losses);
    hungCharonScenarios(losses);
    hungWithoutProbeScenarios(losses);
    lostNodeScenarios(losses);
    worseNodeScenarios(losses);
    remoteServiceLossScenarios(losses, { alsoWithoutLeader: true });
  });
});
