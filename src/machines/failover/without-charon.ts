import { and, or } from "xstate";
import { failoverSetup } from "./failover-setup.ts";

const report = { type: "report" } as const;
const takeDeclaration = { type: "takeDeclaration" } as const;

/** The events that matter while charon's list of SAs is not known. */
const withoutCharon = {
  "paths.declared": [
    {
      guard: "activeRemoved",
      actions: [takeDeclaration, { type: "switchToBest", params: { cause: "removed" } }],
    },
    { guard: "declaredOther", actions: takeDeclaration },
  ],
  "charon.ready": { actions: { type: "resume" } },
  "decision.heard": {
    guard: or(["outranked", "ofLeader"]),
    actions: [{ type: "takeHeard" }, report],
  },
} as const;

const toDeciding = { guard: "charonReady", target: "#failover.deciding" } as const;

/** While charon does not answer, or its list of SAs is not known. */
export const suspended = failoverSetup.createStateConfig({
  description:
    "charon does not answer, or its list of SAs is not known: the kernel carries the traffic on, and the active path stays.",
  on: withoutCharon,
  after: { orphaned: { guard: "several", target: "#failover.orphaned" } },
  // charon of a group that leaves will not be back soon.
  always: [toDeciding, { guard: "leaves", target: "#failover.orphaned" }],
});

/** No probe is answered any more: after another minute, also a path without an IKE SA takes over. */
const unheard = {
  guard: "ofActive",
  target: "#failover.orphaned",
  reenter: true,
  actions: { type: "noteUnheard" },
} as const;

/** While charon has not answered for long or this group leaves, and other groups have paths. */
export const orphaned = failoverSetup.createStateConfig({
  description:
    "charon has been lost for a while, or is lost in a group that leaves: a path of another group takes over as soon as it has an IKE SA, and later one that has none before it is active. While a probe is answered through the active path, that one stays.",
  on: { ...withoutCharon, "path.silent": unheard, "path.unjudged": unheard },
  always: [
    toDeciding,
    {
      guard: and(["unproven", "successor"]),
      target: "#failover.suspended",
      actions: [{ type: "switchToSuccessor" }, report],
    },
  ],
  after: {
    deserted: {
      guard: and(["unproven", "coldSuccessor"]),
      target: "#failover.suspended",
      actions: [{ type: "switchToColdSuccessor" }, report],
    },
  },
});
