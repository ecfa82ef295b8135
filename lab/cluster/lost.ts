import assert from "node:assert/strict";
import { eventually } from "../sites/shell.ts";
import { behind } from "./partner.ts";
import type { LossLab } from "./two-gateways.ts";
import type { Suffered } from "./two-nodes.ts";

/** The bound of a loss that a probe, or the beats of the agents, reveal; on a busy machine. */
export const soonMs = 2_000;

/** The bound of an event that loses nothing, or what is on its way; on a busy machine. */
export const briefMs = 700;

/** Has the path main carry the traffic, with reserve ready to take over, or cold. */
export async function settled({ cluster, paths }: LossLab, isCold = false): Promise<void> {
  await cluster.ready();
  if (paths.field("activePath") !== "main") {
    const { output, status } = paths.move("main");
    assert.equal(status, 0, output);
  }
  await paths.rolesAre("main reserve active standby");
  if (!isCold) await paths.isReady("reserve");
  await paths.carries();
}

export interface Loss {
  /** The time of the traffic, with the loss three seconds after its start. */
  readonly seconds: number;
  readonly harm: () => unknown;
  /** The longest time without an answer. */
  readonly atMostMs: number;
}

/** Asserts the effect of a loss after which reserve carries the traffic, by one switch. */
export async function takenOver(lab: LossLab, loss: Loss): Promise<Suffered> {
  return settledBy(lab, loss, "reserve", 1);
}

/** Asserts the effect of a loss that moves nothing. */
export async function kept(lab: LossLab, loss: Loss): Promise<Suffered> {
  return settledBy(lab, loss, "main", 0);
}

async function settledBy(
  lab: LossLab,
  { seconds, harm, atMostMs }: Loss,
  path: string,
  switches: number,
): Promise<Suffered> {
  const { paths } = lab;
  await settled(lab);
  const before = await paths.switches();
  const suffered = await paths.underTraffic(seconds, behind, harm);
  await eventually(() => assert.equal(paths.field("activePath"), path), 30_000);
  const counted = (await paths.switches()) - before;
  assert.ok(counted <= switches, `${counted} switches`);
  assert.ok(suffered.gapMs <= atMostMs, `${suffered.gapMs} ms: ${suffered.lost[0]}`);
  return suffered;
}
