import { failoverSetup } from "./failover-setup.ts";

const report = { type: "report" } as const;

/** The way out of each state in which this agent decides, once another one does. */
export const toFollowing = { guard: "elsewhere", target: "#failover.following" } as const;

const toDeciding = { guard: "ofOwn", target: "#failover.deciding" } as const;

/** Before the first decision of the agents. */
export const listening = failoverSetup.createStateConfig({
  description:
    "Several groups have paths, and no decision is known: the agent waits for one of another agent.",
  always: { guard: "decided", target: "#failover.deciding" },
  initial: "gathering",
  states: {
    gathering: {
      description: "The agents of the other groups may not have been heard yet.",
      always: { guard: "peersKnown", target: "settling" },
    },
    settling: {
      description: "No agent has reported a decision about this connection.",
      after: {
        settling: [
          { guard: "opens", target: "#failover.deciding", actions: { type: "open" } },
          { target: "#failover.following", actions: report },
        ],
      },
    },
  },
});

/** While the agent of another group decides. */
export const following = failoverSetup.createStateConfig({
  description: "The active path is elsewhere: its agent decides, and the paths here stand by.",
  always: [
    toDeciding,
    // The group of the active path leaves.
    {
      guard: "isRefuge",
      target: "#failover.deciding",
      actions: { type: "switchToDialled", params: {} },
    },
    { guard: "activeAbsent", target: "#failover.claiming" },
  ],
  initial: "awaiting",
  after: {
    calm: { actions: { type: "forgetAttempts" } },
    proof: { actions: { type: "forgetSetbacks" } },
  },
  states: {
    awaiting: {
      description: "The agent of the active path has not reported that it carries the traffic.",
      always: { guard: "confirmed", target: "trusting" },
      after: {
        confirmation: [
          {
            guard: "handed",
            target: "#failover.deciding",
            actions: [{ type: "endTurn" }, { type: "switchToNext", params: { cause: "failed" } }],
          },
          { target: "#failover.claiming" },
        ],
      },
    },
    trusting: {
      description: "The agent of the active path reports that it carries the traffic.",
      always: { guard: "unconfirmed", target: "awaiting" },
    },
  },
});

/** While the agent of the active path is not heard. */
export const claiming = failoverSetup.createStateConfig({
  description:
    "The agent of the active path is not heard, or does not carry the traffic: the agent with the best path here or elsewhere takes over, each a moment after the one before it.",
  always: [toDeciding, { guard: "followable", target: "#failover.following" }],
  on: {
    "path.present": {
      guard: "ofActive",
      target: "#failover.following",
      actions: { type: "notePresent" },
    },
    "pause.ended": {
      target: "#failover.claiming",
      reenter: true,
      actions: { type: "endPause" },
    },
  },
  after: {
    claim: {
      guard: "claimable",
      target: "#failover.deciding",
      actions: { type: "claim" },
    },
  },
});
