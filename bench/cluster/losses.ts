import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { addresses, type LabCluster } from "../../lab/cluster/cluster.ts";
import { cut } from "../../lab/cluster/cut.ts";
import { settled } from "../../lab/cluster/lost.ts";
import { gatewayAddresses } from "../../lab/cluster/partner.ts";
import {
  acceptFloating,
  connectTwoGateways,
  disconnectTwoGateways,
  floatingAddress,
  twoGateways,
  type LossLab,
} from "../../lab/cluster/two-gateways.ts";
import { eventually } from "../../lab/sites/shell.ts";
import { quantile, type Row } from "../row.ts";
import { applyWalkThrough } from "./walk-through.ts";

/** The repetitions of each loss. */
const times = 10;

/** From one loss of a node to the next: an agent that took over several times pauses for up to a minute. */
const apartMs = 62_000;

/** The seconds of pings around a loss that agents or the probe detect, and around another. */
const soon = 6;
const late = 12;

/** A loss of the active path, and its repair. */
interface Loss {
  readonly what: string;
  readonly atMostMs: number;
  readonly seconds: number;
  /** Whether another agent claims the path. */
  readonly isClaimed?: true;
  /** Whether the path that takes over has no SA before. */
  readonly isCold?: boolean;
  readonly manifest: object;
  readonly harm: (lab: LossLab) => unknown;
  readonly repair: (lab: LossLab) => Promise<void>;
}

/** The machine of the active path loses its power, and boots again. */
function powerOff(manifest: object, isCold = false) {
  return {
    seconds: soon,
    isClaimed: true as const,
    isCold,
    manifest,
    harm: ({ cluster }: LossLab) => cluster.nodes["node-a"].powerOff(),
    repair: async ({ cluster, paths }: LossLab) => {
      const node = cluster.nodes["node-a"];
      node.powerOn();
      await node.answers();
      await cluster.ready();
      await paths.rolesAre("main reserve standby active");
      // A cold path has no SA that would show that its charon runs.
      if (!isCold) return paths.isReady("main");
      await eventually(() => assert.equal(paths.move("main").status, 0), 90_000, 2_000);
    },
  };
}

/** Drops the packets of the partner's first gateway. */
function cutGateway() {
  let dropping: Disposable | undefined;
  return {
    harm: () => {
      const between = [addresses.nodeA, addresses.nodeB];
      dropping = cut({ between, and: [gatewayAddresses.first] });
    },
    repair: async () => dropping?.[Symbol.dispose](),
  };
}

const ofGateway: readonly Loss[] = [
  {
    what: "the partner's gateway is lost, with a probe",
    atMostMs: 800,
    seconds: soon,
    manifest: twoGateways(),
    ...cutGateway(),
  },
  {
    what: "the partner's gateway is lost, without a probe",
    atMostMs: 6_000,
    seconds: late,
    manifest: twoGateways({ probe: false }),
    ...cutGateway(),
  },
];

const ofNode: readonly Loss[] = [
  {
    what: "the active node is lost, hot standby",
    atMostMs: 800,
    ...powerOff(twoGateways({ standby: "hot" })),
  },
  {
    what: "the active node is lost, cold standby",
    atMostMs: 1_000,
    ...powerOff(twoGateways({ standby: "cold" }), true),
  },
  {
    what: "the active node is lost, warm standby",
    atMostMs: 800,
    ...powerOff(twoGateways()),
  },
];

const ofFloatingAddress: Loss = {
  what: "the node with the floating address is lost",
  atMostMs: 1_000,
  ...powerOff(floatingAddress(), true),
};

/**
 * The longest time between two answers of a worker's pings around the loss of the active gateway of a
 * partner 40 ms away: the median of several losses.
 */
export function gatewayLossRows(cluster: LabCluster): Promise<Row[]> {
  return withTwoGateways(cluster, (lab) => rowsOf(lab, ofGateway));
}

/** The same around the loss of the active node. */
export function nodeLossRows(cluster: LabCluster): Promise<Row[]> {
  return withTwoGateways(cluster, async (lab) => {
    const rows = await rowsOf(lab, ofNode);
    await acceptFloating(lab.partner);
    return [...rows, await rowOf(lab, ofFloatingAddress)];
  });
}

async function withTwoGateways(
  cluster: LabCluster,
  measure: (lab: LossLab) => Promise<Row[]>,
): Promise<Row[]> {
  await applyWalkThrough(cluster);
  const resources = new AsyncDisposableStack();
  const lab = await connectTwoGateways(cluster, resources);
  const rows = await measure(lab);
  await disconnectTwoGateways(lab, resources);
  return rows;
}

async function rowsOf(lab: LossLab, losses: readonly Loss[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const loss of losses) rows.push(await rowOf(lab, loss));
  return rows;
}

async function rowOf(lab: LossLab, loss: Loss): Promise<Row> {
  const gaps: number[] = [];
  const { what, atMostMs } = loss;
  // An earlier row may have ended with a loss of a node.
  let last = performance.now();
  for (let time = 0; time < times; time++) {
    // The operator of a node that has just booted may not serve its webhook yet.
    await eventually(() => lab.cluster.apply(loss.manifest), 60_000, 1_000);
    await settled(lab, loss.isCold);
    if (loss.isClaimed) await pause(Math.max(0, last + apartMs - performance.now()));
    last = performance.now();
    const { gapMs } = await lab.paths.underPings(loss.seconds, () => loss.harm(lab));
    gaps.push(gapMs);
    await loss.repair(lab);
  }
  const written = gaps.toSorted((a, b) => a - b).join(", ");
  process.stderr.write(`${what}: ${written} ms\n`);
  const ours = quantile(gaps, 0.5);
  return { what, against: "–", unit: "ms", ours, goal: { atMost: atMostMs } };
}
