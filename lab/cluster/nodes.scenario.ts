import { describe } from "node:test";
import { floatingScenarios } from "./scenarios/floating.ts";
import { groupNodeScenarios } from "./scenarios/group-nodes.ts";
import { hungCharonScenarios } from "./scenarios/hung-charon.ts";
import { lostNodeScenarios } from "./scenarios/lost-nodes.ts";
import { lostPeerScenarios } from "./scenarios/lost-peers.ts";
import { nodeScenarios } from "./scenarios/nodes.ts";
import { remoteServiceLossScenarios } from "./scenarios/remote-service-losses.ts";
import { walkThroughScenarios } from "./scenarios/walk-through.ts";
import { startedCluster } from "./started-cluster.ts";
import { betweenTwoGateways } from "./two-gateways.ts";

/**
 * A connection on two nodes. A node whose machine gets no processor for a third of a second is taken for
 * lost, so these scenarios run alone.
 */
describe("a cluster with a connection on two nodes", () => {
  const cluster = startedCluster();

  walkThroughScenarios(cluster);
  nodeScenarios(cluster);
  floatingScenarios(cluster);
  groupNodeScenarios(cluster);
  betweenTwoGateways(cluster, (losses) => {
    lostPeerScenarios(losses);
    hungCharonScenarios(losses);
    lostNodeScenarios(losses);
    remoteServiceLossScenarios(losses);
  });
});
