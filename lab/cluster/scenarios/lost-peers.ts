import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { addresses } from "../cluster.ts";
import { cut, type CutOptions } from "../cut.ts";
import { briefMs, kept, settled, soonMs, takenOver } from "../lost.ts";
import { behind, gatewayAddresses } from "../partner.ts";
import { twoGateways, type LossLab } from "../two-gateways.ts";

const { first, second } = gatewayAddresses;
const nodes = [addresses.nodeA, addresses.nodeB];
const [onNodeA, onNodeB] = ["10.244.1.0/24", "10.244.2.0/24"] as const;

/** From a loss to its repair: the time that the detection without a probe needs, and more. */
const lostSeconds = 9;

const harms = {
  "the partner's gateway": { between: nodes, and: [first] },
  "the active node's cable to the partner": { between: [addresses.nodeA], and: [first, second] },
  ESP: { between: nodes, and: [first], only: "ip protocol esp" },
  "UDP 500": { between: nodes, and: [first], only: "udp dport 500" },
  "UDP 4500": { between: nodes, and: [first], only: "udp dport 4500" },
  "the network between the nodes": {
    between: [addresses.nodeA, onNodeA],
    and: [addresses.nodeB, onNodeB],
  },
} as const satisfies Readonly<Record<string, CutOptions>>;

type Harm = keyof typeof harms;

/** Drops packets for a while, and asserts what the traffic suffers meanwhile. */
async function without(
  lab: LossLab,
  harm: Harm,
  effect: typeof takenOver,
  atMostMs: number,
  seconds = lostSeconds,
): Promise<void> {
  using repairs = new DisposableStack();
  await effect(lab, { seconds, harm: () => repairs.use(cut(harms[harm])), atMostMs });
}

/** The path that carries the traffic and the one that stands by, some time after a repair. */
async function oneIsActive({ cluster, paths }: LossLab): Promise<void> {
  const { lost } = await paths.underTraffic(8, behind, () => {});
  assert.ok(lost.length <= 5, `${lost.length} lost: ${lost[0]}`);
  const active = paths.field("activePath");
  await paths.rolesAre(`main reserve ${active === "main" ? "active standby" : "standby active"}`);
  await paths.isReady(active === "main" ? "reserve" : "main");
  // The path that stands by is warm.
  const sas = { main: await paths.sas("node-a"), reserve: await paths.sas("node-b") };
  assert.equal(active === "main" ? sas.reserve : sas.main, 0, JSON.stringify(sas));
  await cluster.ready();
}

/** Losses between the nodes and the partner, and between the nodes. */
export function lostPeerScenarios(lab: () => LossLab): void {
  describe("a child with a probe", () => {
    for (const harm of ["the partner's gateway", "ESP"] as const)
      it(
        `uses the other path within a second if it loses ${harm}`,
        { timeout: 120_000 },
        async () => {
          await without(lab(), harm, takenOver, soonMs);
          await oneIsActive(lab());
        },
      );

    it("stays on its path if it loses UDP 4500 while the probe is answered", async () => {
      await without(lab(), "UDP 4500", kept, briefMs, 14);
      await oneIsActive(lab());
    });

    it(
      "is carried by the node that the worker reaches if the network between the nodes is lost",
      { timeout: 120_000 },
      async () => {
        await without(lab(), "the network between the nodes", takenOver, soonMs, 14);
        const switches = await lab().paths.switches();
        await oneIsActive(lab());
        await pause(3_000);
        await oneIsActive(lab());
        assert.ok((await lab().paths.switches()) - switches <= 1, "the agents fight");
      },
    );
  });
}

/** The same with other causes, and without a probe. */
export function morePeerScenarios(lab: () => LossLab): void {
  describe("a child with a probe", () => {
    it("uses the other node if its own reaches no gateway", { timeout: 120_000 }, async () => {
      await without(lab(), "the active node's cable to the partner", takenOver, soonMs);
      await oneIsActive(lab());
    });

    staysWithoutUdp500(lab);
  });

  describe("a child without a probe", () => {
    it("has no probe", async () => {
      await settled(lab());
      lab().cluster.apply(twoGateways({ probe: false }));
      await pause(3_000);
    });

    it(
      "uses the other path within six seconds if it loses the gateway",
      { timeout: 120_000 },
      async () => {
        await without(lab(), "the partner's gateway", takenOver, 8_000, 16);
        await oneIsActive(lab());
      },
    );

    it(
      "uses the other path without a loss if it loses UDP 4500",
      { timeout: 120_000 },
      async () => {
        await without(lab(), "UDP 4500", takenOver, briefMs, 16);
        await oneIsActive(lab());
      },
    );

    staysWithoutUdp500(lab);

    it(
      "is carried by the node that the worker reaches if the network between the nodes is lost",
      { timeout: 120_000 },
      async () => {
        await without(lab(), "the network between the nodes", takenOver, soonMs, 14);
        await oneIsActive(lab());
      },
    );

    it("has a probe again", () => {
      lab().cluster.apply(twoGateways());
    });
  });
}

/** UDP 500 matters to new IKE SAs alone. */
function staysWithoutUdp500(lab: () => LossLab): void {
  it("stays on its path if it loses UDP 500", async () => {
    await without(lab(), "UDP 500", kept, briefMs);
    await oneIsActive(lab());
  });
}
