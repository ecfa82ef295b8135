import { describe, it } from "node:test";
import { flappingScenarios } from "../scenarios/flapping.ts";
import { moveScenarios } from "../scenarios/moves.ts";
import { walkThroughScenarios } from "../scenarios/walk-through.ts";
import { TwoNodes } from "../two-nodes.ts";
import { startedCluster } from "../started-cluster.ts";

/** Scenarios of two nodes that take a quarter of an hour; `npm test` and `make test` leave them out. */
describe("a cluster with a connection on two nodes, for long", () => {
  const cluster = startedCluster();
  const two = new TwoNodes(cluster);

  walkThroughScenarios(cluster);
  it("gets a second path", async () => {
    await two.introduce();
    two.declare({ failover: { failback: "never" } });
    await two.rolesAre("main reserve active standby");
    await two.isReady("reserve");
  });
  moveScenarios(two, 10);
  flappingScenarios(cluster, two);
});
