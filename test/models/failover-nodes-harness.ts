import type { FailoverInput, HeardDecision } from "../../src/machines/failover/failover-types.ts";
import { FailoverHarness } from "./failover-harness.ts";

/** An agent that has the path a, beside b and c of two others. */
export const agent = (changes: Partial<FailoverInput> = {}) =>
  new FailoverHarness({ here: ["a"], peersKnown: true, warm: ["a", "b", "c"], ...changes });

export const heard = (epoch: number, active: string, changes: Partial<HeardDecision> = {}) =>
  ({
    type: "decision.heard",
    epoch,
    active,
    dialled: undefined,
    cause: "lost",
    leading: true,
    from: [active],
    ...changes,
  }) as const;

/** The agent of a, which has decided for that path. */
export function leading(changes: Partial<FailoverInput> = {}): FailoverHarness {
  const failover = agent({ up: ["a"], ...changes });
  failover.decided();
  return failover;
}

/** An agent that follows one that leads with another path. */
export function following(here: string, active: string, epoch = 5): FailoverHarness {
  const failover = agent({ here: [here] });
  failover.send(heard(epoch, active));
  failover.decided();
  return failover;
}

export const absent = (failover: FailoverHarness, ...paths: readonly string[]) => {
  for (const path of paths) failover.send({ type: "path.absent", path });
};

export const epochOf = (failover: FailoverHarness) => failover.snapshot.context.epoch;
