import { assign, enqueueActions, sendParent, setup } from "xstate";
import { calmMs } from "../common/recurrence.ts";
import { declared, isOther, isPlanned, isSpread } from "./declaration.ts";
import { claimed, claimMs, claimPauseMs, claimsEndMs, mayClaim } from "./claims.ts";
import {
  confirmationMs,
  followed,
  isOfLeader,
  isOutranked,
  isRedialled,
  isUndecided,
  madeAbsent,
  mayOpen,
  opened,
  taken,
} from "./epochs.ts";
import {
  abandoned,
  holdMs,
  isAway,
  isOtherUp,
  isPreferredUnready,
  planOf,
  preferredOf,
  switched,
  switchedToBest,
  switchedToNext,
} from "./failover-facts.ts";
import { carrying, isElsewhere, isSeveral, keptElsewhere, needsSwitch } from "./here.ts";
import { isLeaving, isRefuge, madeLeaving, refugeOf } from "./leaving.ts";
import { coldSuccessorOf, successorOf } from "./successors.ts";
import { madeReady, noSilences, rested, restMs, unanswered } from "./silences.ts";
import { nextOf, nextUpOf, turnEnded, turnMs } from "./circles.ts";
import type { SwitchCause } from "../../model/beats/switch-cause.ts";
import type {
  FailoverContext,
  FailoverEvent,
  FailoverInput,
  PathDecision,
} from "./failover-types.ts";

interface WithCause {
  readonly cause: SwitchCause;
}

/** The types, actions, guards and delays of the failover machine. */
export const failoverSetup = setup({
  types: {} as { context: FailoverContext; events: FailoverEvent; input: FailoverInput },
  actions: {
    /** Every transition that changes the decision ends with this. */
    report: sendParent(({ context }): PathDecision => {
      const { active, dialled, cause, epoch, charonReady } = context;
      const decision = { type: "path.decided", active, dialled, cause } as const;
      if (!isSeveral(context)) return decision;
      return charonReady ? { ...decision, epoch } : { ...decision, epoch, waits: true };
    }),
    noteUp: assign(({ context: { up }, event }) =>
      "path" in event && event.path !== undefined && !up.includes(event.path)
        ? { up: [...up, event.path] }
        : {},
    ),
    /** An active path that is down is not silent: it is the loss that counts. */
    noteDown: assign(({ context: { up, active, silent }, event }) => ({
      up: up.filter((path) => !("path" in event && event.path === path)),
      silent: silent && !("path" in event && event.path === active),
    })),
    noteReady: assign(({ context, event }) =>
      event.type === "path.ready" ? madeReady(context, event.path) : {},
    ),
    noteUnready: assign(({ context: { ready }, event }) => ({
      ready: ready.filter((path) => !("path" in event && event.path === path)),
    })),
    noteSilence: assign({ silent: true, answered: false }),
    forgetSilence: assign({ silent: false, answered: false }),
    /** The same for a path that is not known to be up, as while charon is lost. */
    noteUnheard: assign({ answered: false }),
    noteAnswer: assign(({ context: { silences } }) => ({
      silent: false,
      answered: true,
      silences: { ...silences, unanswered: 0 },
    })),
    noteUnanswered: assign(({ context }) => unanswered(context)),
    rest: assign(({ context }) => rested(context)),
    /** Has the next path brought up beside the active one, since no probe is answered by that one. */
    dialNext: assign(({ context }) => ({
      dialled: nextOf(context),
      cause: "unreachable" as const,
    })),
    switchToNextUp: assign(({ context }) =>
      switched(context, nextUpOf(context) ?? context.active, "unreachable"),
    ),
    takeDeclaration: assign(({ context, event }) =>
      event.type === "paths.declared" ? declared(context, event) : {},
    ),
    /** Makes the most preferred path active that is up. */
    switchToBest: assign(({ context }, { cause }: WithCause) => switchedToBest(context, cause)),
    /** The same after charon's list of SAs, for the present cause. */
    switchToUp: assign(({ context }) => switchedToBest(context, context.cause)),
    endTurn: assign(({ context }) => turnEnded(context)),
    switchToNext: assign(({ context }, { cause }: WithCause) => switchedToNext(context, cause)),
    /** Makes the planned path active. */
    switchToPlanned: assign(({ context, event }) => {
      const plan = planOf(context, event);
      return plan === undefined ? {} : switched(context, plan.path, plan.cause);
    }),
    /** Has the planned path brought up beside the active one. */
    dialPlanned: assign(({ context, event }) => {
      const plan = planOf(context, event);
      return plan === undefined ? {} : { dialled: plan.path, cause: plan.cause };
    }),
    /** Makes the path active that was dialled beside the active one. */
    switchToDialled: assign(({ context }, params: Partial<WithCause>) =>
      switched(context, context.dialled ?? context.active, params.cause ?? context.cause),
    ),
    abandon: assign(({ context }) => abandoned(context)),
    /** Ends the attempt at a path beside the active one for which the path is not to blame. */
    cancel: assign({ dialled: undefined, cause: "abandoned" }),
    /** SAs that charon no longer has when it is back were lost. */
    suspend: assign({
      charonReady: false,
      up: ({ context }) => keptElsewhere(context, context.up),
      ready: ({ context }) => keptElsewhere(context, context.ready),
      silent: false,
      tried: [],
      circle: 0,
      returned: false,
      cause: "lost",
    }),
    resume: assign({ charonReady: true }),
    forgetAttempts: assign({
      tried: [],
      circle: 0,
      rests: 0,
      silences: noSilences,
      renewed: false,
    }),
    noteRenewal: assign({ renewed: true }),
    endRenewal: assign({ renewed: false }),
    forgetSetbacks: assign({ setbacks: 0, returned: false }),
    notePeers: assign({ peersKnown: true }),
    noteAbsent: assign(({ context, event }) =>
      event.type === "path.absent" ? madeAbsent(context, event.path) : {},
    ),
    notePresent: assign(({ context: { absent }, event }) => ({
      absent: absent.filter((path) => !("path" in event && event.path === path)),
    })),
    noteLeaving: assign(({ context, event }) =>
      event.type === "path.leaves" ? madeLeaving(context, event.path) : {},
    ),
    noteStaying: assign(({ context: { leaving }, event }) => ({
      leaving: leaving.filter((path) => !("path" in event && event.path === path)),
    })),
    /** Moves to a path elsewhere, since this group leaves: makes it active if it is up. */
    switchToRefuge: assign(({ context }) =>
      switched(context, refugeOf(context) ?? context.active, "drain"),
    ),
    /** The same for a path that is not up: has it brought up beside the active one. */
    dialRefuge: assign(({ context }) => ({ dialled: refugeOf(context), cause: "drain" as const })),
    /** Makes the first decision. */
    open: assign(({ context }) => opened(context)),
    /** Takes the decision of another agent. */
    takeHeard: assign(({ context, event }) => {
      if (event.type !== "decision.heard") return {};
      return isOutranked(context, event) ? taken(context, event) : followed(context, event);
    }),
    /** Notes the report of the agent of the active path. */
    follow: assign(({ context, event }) =>
      event.type === "decision.heard" ? followed(context, event) : {},
    ),
    /** Makes the best path of this group active, since the agent of the active one is not heard. */
    claim: enqueueActions(({ enqueue, context }) => {
      const change = claimed(context);
      enqueue.assign(change);
      const pause = claimPauseMs({ ...context, ...change });
      enqueue.raise({ type: "pause.ended" }, { id: "pause", delay: pause });
      // A delayed event does not replace an earlier one with the same id.
      enqueue.cancel("claims");
      enqueue.raise({ type: "claims.ended" }, { id: "claims", delay: claimsEndMs });
    }),
    endPause: assign({ pausing: false }),
    forgetClaims: assign({ claims: 0 }),
    /** The attempt at a path beside the active one, as the agent that decided before began it. */
    endAttempt: assign(({ context }) => (isElsewhere(context) ? {} : { dialled: undefined })),
    /** Hands the traffic over to a path elsewhere, since charon here does not return. */
    switchToSuccessor: assign(({ context }) =>
      switched(context, successorOf(context) ?? context.active, "lost"),
    ),
    switchToColdSuccessor: assign(({ context }) =>
      switched(context, coldSuccessorOf(context) ?? context.active, "lost"),
    ),
  },
  guards: {
    charonReady: ({ context }) => context.charonReady,
    activeUp: ({ context }) => context.up.includes(context.active),
    otherUp: ({ context }) => isOtherUp(context),
    preferred: ({ context }) => context.active === preferredOf(context.paths),
    away: ({ context }) => isAway(context),
    /** Whether the event concerns the preferred path, which keeps an IKE SA while it stands by. */
    ofAwaited: ({ context: { paths, warm }, event }) =>
      "path" in event && event.path === preferredOf(paths) && warm.includes(event.path),
    preferredUnready: ({ context }) => isPreferredUnready(context),
    silent: ({ context }) => context.silent,
    /** Whether a probe is answered again by the active path, which is why another one is dialled. */
    heard: ({ context }) => context.cause === "unreachable" && !context.silent,
    nextUp: ({ context }) => nextUpOf(context) !== undefined,
    next: ({ context }) => nextOf(context) !== undefined,
    /** Whether a path without a turn is left, so that a failed attempt ends the present turn. */
    quick: ({ context }) => context.circle === 0,
    known: ({ context: { paths, absent }, event }) => {
      if (!("path" in event) || event.path === undefined || !paths.includes(event.path))
        return false;
      return event.type === "path.absent" || !absent.includes(event.path);
    },
    ofPreferred: ({ context: { paths }, event }) =>
      "path" in event && event.path === preferredOf(paths),
    ofActive: ({ context, event }) => "path" in event && event.path === context.active,
    ofDialled: ({ context, event }) => "path" in event && event.path === context.dialled,
    planned: ({ context, event }) => planOf(context, event) !== undefined,
    plannedUp: ({ context, event }) => {
      const plan = planOf(context, event);
      return plan !== undefined && carrying(context).includes(plan.path);
    },
    /** Whether the planned path can be dialled only once it is active. */
    plannedApart: ({ context, event }) => {
      const plan = planOf(context, event);
      return plan !== undefined && needsSwitch(context, plan.path);
    },
    nextApart: ({ context }) => {
      const next = nextOf(context);
      return next !== undefined && needsSwitch(context, next);
    },
    elsewhere: ({ context }) => isElsewhere(context),
    ofOwn: ({ context }) => !isElsewhere(context),
    several: ({ context }) => isSeveral(context),
    undecided: ({ context }) => isUndecided(context),
    decided: ({ context }) => !isUndecided(context),
    opens: ({ context }) => mayOpen(context),
    peersKnown: ({ context }) => context.peersKnown,
    outranked: ({ context, event }) => isOutranked(context, event),
    redialled: ({ context, event }) => isRedialled(context, event),
    ofLeader: ({ context, event }) => isOfLeader(context, event),
    confirmed: ({ context }) => context.confirmed,
    unconfirmed: ({ context }) => !context.confirmed,
    /** Whether the agent of the active path is heard, and reports that it carries the traffic. */
    followable: ({ context: { confirmed, absent, active } }) =>
      confirmed && !absent.includes(active),
    handed: ({ context }) => context.handed,
    activeAbsent: ({ context }) => context.absent.includes(context.active),
    claimable: ({ context }) => mayClaim(context),
    leaves: ({ context }) => isLeaving(context),
    isRefuge: ({ context }) => isRefuge(context),
    refuge: ({ context }) => refugeOf(context) !== undefined,
    /** Whether the path to which the traffic goes can become active at once. */
    refugeUp: ({ context }) => {
      const refuge = refugeOf(context);
      if (refuge === undefined) return false;
      return context.up.includes(refuge) || needsSwitch(context, refuge);
    },
    /**
     * Whether nothing proves that the active path works without charon here, or its group leaves. A path
     * is up if charon is back and lists its SAs; the probes begin again then.
     */
    unproven: ({ context }) =>
      isLeaving(context) || !(context.answered || context.up.includes(context.active)),
    successor: ({ context }) => successorOf(context) !== undefined,
    coldSuccessor: ({ context }) => coldSuccessorOf(context) !== undefined,
    /** Whether the paths of this group alone are now those of several ones. */
    spread: ({ context, event }) =>
      event.type === "paths.declared" &&
      event.paths.includes(context.active) &&
      isSpread(context, event),
    declaredOther: ({ context, event }) =>
      event.type === "paths.declared" && isOther(context, event),
    activeRemoved: ({ context, event }) =>
      event.type === "paths.declared" && !event.paths.includes(context.active),
    activeKept: ({ context, event }) =>
      event.type === "paths.declared" &&
      event.paths.includes(context.active) &&
      isOther(context, event),
    planRemoved: ({ context, event }) =>
      event.type === "paths.declared" &&
      event.paths.includes(context.active) &&
      !isPlanned(declared(context, event)),
  },
  delays: {
    /** For a peer that establishes the active path again at once. */
    grace: ({ context }) => (context.renewed ? 10_000 : 1_000),
    /** For the attempt at an active path, until the next one is tried. */
    turn: ({ context }) => turnMs(context),
    /** For the attempt at a path beside the active one. */
    attempt: 10_000,
    rest: ({ context }) => restMs(context),
    hold: ({ context }) => holdMs(context),
    calm: calmMs,
    /** For other agents of which nothing was heard yet. */
    settling: 1_000,
    confirmation: ({ context }) => confirmationMs(context),
    claim: ({ context }) => claimMs(context),
    /** For a charon that returns, while the kernel carries the traffic. */
    orphaned: 10_000,
    /** The peer deletes the SAs of a charon that is away for longer, if it checks its peers at all. */
    deserted: 60_000,
    /** After this time the preferred path has proven itself. */
    proof: 600_000,
  },
});
