import { emit, setup } from "xstate";
import { notProvided } from "./common/not-provided.ts";

export type LeaderEmitted = { type: "leading" } | { type: "lost" };

/**
 * Leader election among replicas by a lease, with the times of client-go's leader election. The
 * runtime provides `acquire` in `operator/leadership.ts`.
 */
export const leaderMachine = setup({
  types: {} as { emitted: LeaderEmitted },
  actors: {
    /** Acquires or renews the lease; resolves with whether this replica holds it. */
    acquire: notProvided<boolean, void>("acquire"),
  },
  guards: { ours: (_, params: { held: boolean }) => params.held },
  delays: {
    /** Between two attempts, with jitter so that replicas do not coincide. */
    retry: () => 2_000 * (1 + 0.2 * Math.random()),
    /** A leader that could not renew for this time has to stop: the lease is about to expire. */
    renewDeadline: 10_000,
  },
}).createMachine({
  id: "leader",
  initial: "standby",
  states: {
    standby: {
      description: "Another replica leads, or no replica leads yet.",
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
      description: "This replica holds the lease and renews it.",
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
                // Entering again restarts the deadline.
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
      description: "Another replica may lead now: the process exits and is restarted.",
      entry: emit({ type: "lost" }),
      type: "final",
    },
  },
});
