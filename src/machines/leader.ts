import { emit, setup } from "xstate";
import { notProvided } from "./common/not-provided.ts";

export type LeaderEmitted = { type: "leading" } | { type: "lost" };

/**
 * One of several that may lead at a time, by a lease; with the times of client-go's leader
 * election, so that both wait alike for each other.
 */
export const leaderMachine = setup({
  types: {} as { emitted: LeaderEmitted },
  actors: {
    /** Takes the lease or renews it; gives whether it is ours. */
    acquire: notProvided<boolean, void>("acquire"),
  },
  guards: { ours: (_, params: { held: boolean }) => params.held },
  delays: {
    /** Between attempts, and not all at once. */
    retry: () => 2_000 * (1 + 0.2 * Math.random()),
    /** Whoever could not renew for so long must not act any more: the lease is about to end. */
    renewDeadline: 10_000,
  },
}).createMachine({
  id: "leader",
  initial: "standby",
  states: {
    standby: {
      description: "Somebody else leads, or nobody yet.",
      initial: "asking",
      states: {
        asking: {
          invoke: {
            id: "acquire",
            src: "acquire",
            onDone: [
              {
                guard: { type: "ours", params: ({ event }) => ({ held: event.output }) },
                target: "#leader.leading",
                actions: emit({ type: "leading" }),
              },
              { target: "resting" },
            ],
            onError: "resting",
          },
        },
        resting: { after: { retry: "asking" } },
      },
    },
    leading: {
      description: "The lease is ours, and renewed.",
      initial: "resting",
      after: { renewDeadline: "lost" },
      states: {
        resting: { after: { retry: "renewing" } },
        renewing: {
          invoke: {
            id: "renew",
            src: "acquire",
            onDone: [
              {
                guard: { type: "ours", params: ({ event }) => ({ held: event.output }) },
                // Anew: the deadline counts from here.
                target: "#leader.leading",
                reenter: true,
              },
              { target: "#leader.lost" },
            ],
            onError: "resting",
          },
        },
      },
    },
    lost: {
      description: "Somebody else may lead by now; the process ends and begins anew.",
      entry: emit({ type: "lost" }),
      type: "final",
    },
  },
});
