import { and, not, or, type SnapshotFrom } from "xstate";
import { startOf } from "./failover-facts.ts";
import { failoverSetup } from "./failover-setup.ts";
import { claiming, following, listening, toFollowing } from "./several-groups.ts";
import { orphaned, suspended } from "./without-charon.ts";
import type { SwitchCause } from "../../model/beats/switch-cause.ts";

const report = { type: "report" } as const;
const noteDown = { type: "noteDown" } as const;
const noteReady = { type: "noteReady" } as const;
const noteUnready = { type: "noteUnready" } as const;
const noteSilence = { type: "noteSilence" } as const;
const takeDeclaration = { type: "takeDeclaration" } as const;
const noteAbsent = { type: "noteAbsent" } as const;
const notePresent = { type: "notePresent" } as const;
const noteLeaving = { type: "noteLeaving" } as const;
const noteStaying = { type: "noteStaying" } as const;
const follow = [{ type: "follow" }, report] as const;
const spread = {
  guard: "spread",
  target: "#failover.deciding",
  actions: takeDeclaration,
} as const;
const endTurn = { type: "endTurn" } as const;

const switchToBest = (cause: SwitchCause) => ({ type: "switchToBest", params: { cause } }) as const;
const toBest = (cause: SwitchCause) => [switchToBest(cause), report] as const;
const toNext = (cause: SwitchCause) =>
  [endTurn, { type: "switchToNext", params: { cause } }, report] as const;
const toPlanned = [{ type: "switchToPlanned" }, report] as const;

/** Moves to another path while the active one is up: at once if that path is up as well. */
const move = [
  { guard: "plannedUp", target: "#failover.steady", reenter: true, actions: toPlanned },
  { guard: "plannedApart", target: "#failover.following", actions: toPlanned },
  {
    guard: "planned",
    target: "#failover.moving",
    reenter: true,
    actions: [{ type: "dialPlanned" }, report],
  },
] as const;

/** The active path goes down: a path that is up takes over there without grace. */
const lost = [
  {
    guard: and(["ofActive", or(["quick", "otherUp"])]),
    target: "#failover.doubtful",
    actions: noteDown,
  },
  // The other paths failed a moment ago.
  { guard: "ofActive", target: "#failover.dialling", actions: noteDown },
] as const;

const abandon = [{ type: "abandon" }, report] as const;

/**
 * Decides which path of a connection is active. Its parent carries the decisions out and reports
 * which paths are up; the actor itself calls nothing.
 */
export const failoverMachine = failoverSetup.createMachine({
  id: "failover",
  context: ({ input }) => startOf(input),
  initial: "suspended",
  on: {
    "path.up": { guard: "known", actions: { type: "noteUp" } },
    "path.down": { actions: noteDown },
    "path.ready": { guard: "known", actions: noteReady },
    "path.unready": { actions: noteUnready },
    "path.silent": [
      { guard: and(["ofActive", "activeUp", not("elsewhere")]), actions: noteSilence },
      { guard: "ofActive", actions: { type: "noteUnheard" } },
    ],
    "path.answers": { guard: "ofActive", actions: { type: "noteAnswer" } },
    "path.unjudged": { guard: "ofActive", actions: { type: "forgetSilence" } },
    "charon.lost": { target: ".suspended", actions: { type: "suspend" } },
    "path.absent": { guard: and(["several", "known"]), actions: noteAbsent },
    "path.present": { actions: notePresent },
    "path.leaves": { guard: and(["several", "known"]), actions: noteLeaving },
    "path.stays": { actions: noteStaying },
    "peers.known": { actions: { type: "notePeers" } },
    "pause.ended": { actions: { type: "endPause" } },
    "claims.ended": { actions: { type: "forgetClaims" } },
    "decision.heard": [
      { guard: "outranked", target: ".deciding", actions: { type: "takeHeard" } },
      { guard: "redialled", actions: follow },
      { guard: "ofLeader", actions: { type: "follow" } },
    ],
    "paths.declared": [
      {
        guard: "activeRemoved",
        target: ".deciding",
        actions: [takeDeclaration, switchToBest("removed")],
      },
      { guard: "spread", target: ".deciding", actions: takeDeclaration },
      { guard: "declaredOther", actions: takeDeclaration },
    ],
  },
  states: {
    listening,
    following,
    claiming,
    deciding: {
      description: "The state follows from which paths are up.",
      entry: { type: "endAttempt" },
      always: [
        { guard: "undecided", target: "listening" },
        { guard: "elsewhere", target: "following", actions: report },
        { guard: "activeUp", target: "steady", actions: report },
        { guard: "otherUp", target: "steady", actions: [{ type: "switchToUp" }, report] },
        { target: "dialling", actions: report },
      ],
    },
    steady: {
      description: "The active path is up and carries the traffic.",
      initial: "comparing",
      always: [
        toFollowing,
        { guard: "silent", target: "silent" },
        // This group leaves.
        { guard: "refugeUp", target: "following", actions: [{ type: "switchToRefuge" }, report] },
        { guard: "refuge", target: "moving", actions: [{ type: "dialRefuge" }, report] },
      ],
      on: {
        "path.down": lost,
        "paths.declared": [
          spread,
          { guard: "activeKept", target: "steady", reenter: true, actions: takeDeclaration },
        ],
        move,
        "path.renewed": {
          guard: "ofActive",
          target: "steady",
          reenter: true,
          actions: { type: "noteRenewal" },
        },
      },
      after: { calm: { actions: { type: "forgetAttempts" } } },
      states: {
        comparing: {
          description: "The active path is compared with the preferred one.",
          always: [
            { guard: "preferred", target: "preferred" },
            { guard: and(["away", "preferredUnready"]), target: "awaiting" },
            { guard: "away", target: "holding" },
            { target: "staying" },
          ],
        },
        preferred: {
          description: "The preferred path carries the traffic.",
          after: { proof: { actions: { type: "forgetSetbacks" } } },
        },
        awaiting: {
          description:
            "Another path carries the traffic; the preferred one has no IKE SA, as it would have if its peer answered, or its group leaves.",
          on: {
            "path.ready": { guard: "ofAwaited", target: "comparing", actions: noteReady },
            "path.present": { guard: "ofPreferred", target: "comparing", actions: notePresent },
            "path.stays": { guard: "ofPreferred", target: "comparing", actions: noteStaying },
          },
        },
        holding: {
          description:
            "Another path carries the traffic; after the hold, the preferred one is dialled beside it.",
          on: {
            "path.unready": { guard: "ofAwaited", target: "comparing", actions: noteUnready },
            "path.absent": {
              guard: and(["several", "ofPreferred"]),
              target: "comparing",
              actions: noteAbsent,
            },
            "path.leaves": {
              guard: and(["several", "ofPreferred"]),
              target: "comparing",
              actions: noteLeaving,
            },
          },
          after: { hold: move },
        },
        staying: {
          description:
            "Another path carries the traffic and stays active, since failback is set to never.",
        },
      },
    },
    silent: {
      description:
        "The active path is up, and no probe, or without one no IKE request, is answered through it: the others have a turn each, until one is answered; then ever longer rests.",
      entry: { type: "noteUnanswered" },
      always: [
        { guard: not("silent"), target: "steady" },
        { guard: "nextUp", target: "steady", actions: [{ type: "switchToNextUp" }, report] },
        {
          guard: "nextApart",
          target: "following",
          actions: [{ type: "switchToNext", params: { cause: "unreachable" } }, report],
        },
        { guard: "next", target: "moving", actions: [{ type: "dialNext" }, report] },
      ],
      on: {
        "path.renewed": { guard: "ofActive", actions: { type: "noteRenewal" } },
        "path.down": lost,
        "paths.declared": [
          spread,
          { guard: "activeKept", target: "steady", actions: takeDeclaration },
        ],
        move,
      },
      after: { rest: { target: "silent", reenter: true, actions: { type: "rest" } } },
    },
    doubtful: {
      description:
        "The active path went down and has a second to come up again, or ten after a command or a declaration that replaces its SAs, unless another path is up.",
      always: [
        toFollowing,
        { guard: "activeUp", target: "steady", actions: { type: "endRenewal" } },
        { guard: "otherUp", target: "steady", actions: toBest("lost") },
      ],
      on: {
        "path.failed": { guard: "ofActive", target: "dialling", actions: toNext("lost") },
        move: { guard: "planned", target: "dialling", actions: [endTurn, ...toPlanned] },
      },
      after: { grace: { target: "dialling", actions: toNext("lost") } },
    },
    dialling: {
      description:
        "No path is up: the paths become active and are dialled in turn, ever more slowly, until one is up.",
      always: [
        toFollowing,
        { guard: "activeUp", target: "steady" },
        { guard: "otherUp", target: "steady", actions: toBest("failed") },
      ],
      on: {
        "path.failed": {
          guard: and(["ofActive", "quick"]),
          target: "dialling",
          reenter: true,
          actions: toNext("failed"),
        },
        move: {
          guard: "planned",
          target: "dialling",
          reenter: true,
          actions: [endTurn, ...toPlanned],
        },
      },
      after: { turn: { target: "dialling", reenter: true, actions: toNext("failed") } },
    },
    moving: {
      description:
        "Another path is dialled while the active one carries the traffic: for a move, a failback, or because no probe is answered or this group leaves.",
      always: [
        toFollowing,
        { guard: "heard", target: "steady", actions: [{ type: "cancel" }, report] },
      ],
      on: {
        "path.up": {
          guard: "ofDialled",
          target: "steady",
          actions: [{ type: "noteUp" }, { type: "switchToDialled", params: {} }, report],
        },
        "path.down": [
          { guard: and(["ofActive", "otherUp"]), target: "doubtful", actions: noteDown },
          {
            guard: "ofActive",
            target: "dialling",
            actions: [
              noteDown,
              endTurn,
              { type: "switchToDialled", params: { cause: "lost" } },
              report,
            ],
          },
        ],
        "path.failed": [
          { guard: and(["ofDialled", "silent"]), target: "silent", actions: abandon },
          { guard: "ofDialled", target: "steady", actions: abandon },
        ],
        "path.absent": { guard: "ofDialled", target: "steady", actions: [noteAbsent, ...abandon] },
        "path.leaves": {
          guard: and(["several", "ofDialled"]),
          target: "steady",
          actions: [noteLeaving, ...abandon],
        },
        "charon.lost": {
          target: "suspended",
          actions: [{ type: "cancel" }, { type: "suspend" }],
        },
        "paths.declared": [
          spread,
          {
            guard: "planRemoved",
            target: "steady",
            actions: [takeDeclaration, { type: "cancel" }, report],
          },
        ],
        move,
      },
      after: {
        attempt: [
          { guard: "silent", target: "silent", actions: abandon },
          { target: "steady", actions: abandon },
        ],
      },
    },
    suspended,
    orphaned,
  },
});

export type FailoverSnapshot = SnapshotFrom<typeof failoverMachine>;
