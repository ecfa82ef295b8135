import { isDeepStrictEqual } from "node:util";
import { assign, enqueueActions, sendParent, setup } from "xstate";
import { Reason, type Failure } from "../../model/status/failure.ts";
import type { PublicState } from "../../model/status/public-state.ts";
import { isInstalled, isRekeying } from "../../model/charon/sa.ts";
import { isOfEarlierSpec } from "../../model/charon/sa-drift.ts";
import {
  differenceOf,
  differingSas,
  isBusy,
  isToReplace,
  missingSets,
  ofMissing,
  ownSas,
  tunnelOf,
} from "./child-facts.ts";
import type {
  ChildContext,
  ChildEvent,
  ChildInput,
  ChildReport,
  InitiateOrder,
} from "./child-types.ts";
import { differenceFailure, isRepairable, withTried } from "../common/differences.ts";
import { noteRefusal, standingRefusal } from "../common/rekey-refusal.ts";
import { notProvided } from "../common/not-provided.ts";
import { isExhausted, pacedPauseMs, slowMs, slowPauseMs } from "../common/pace.ts";
import { isLooping, loopFailure, noRecurrence, recurring, steadyMs } from "../common/recurrence.ts";

/** The types, actors, actions, guards and delays of the child machine. */
export const childSetup = setup({
  types: {} as {
    context: ChildContext;
    events: ChildEvent;
    input: ChildInput;
    tags: PublicState;
  },
  actors: {
    /** Initiates CHILD SAs and does not wait for them. */
    initiate: notProvided<void, InitiateOrder>("initiate"),
    /** Terminates CHILD SAs by their unique ids. */
    terminate: notProvided<void, { readonly uniqueIds: readonly string[] }>("terminate"),
    /** Starts a rekey and does not wait for it. */
    rekey: notProvided<void, { readonly uniqueIds: readonly string[] }>("rekey"),
  },
  actions: {
    takeDeclaration: enqueueActions(({ enqueue, event }) => {
      if (event.type !== "child.changed") return;
      const { connection, child } = event;
      enqueue.assign({ connection, child });
      // charon still has the declaration before: an SA that is initiated now would be made of it.
      if (event.replaces || event.replacesIke === true) enqueue.assign({ loaded: false });
    }),
    listSas: sendParent({ type: "sas.wanted" }),
    note: assign((_, params: { failure: Failure | undefined }) => ({ failure: params.failure })),
    noteMissing: assign(({ context }, params: { failure: Failure | undefined }) => ({
      failure: params.failure && ofMissing(params.failure, context),
    })),
    replaceAll: assign({ replaced: ({ context }) => context.sas.map(({ uniqueId }) => uniqueId) }),
    /** Keeps the CHILD SAs of other pairs of networks. */
    replaceDiffering: assign({ replaced: ({ context }) => differingSas(context) }),
    /** Treats the replaced SAs as gone; the next list has those that still exist. */
    forgetReplaced: assign({
      replaced: [],
      sas: ({ context }) => context.sas.filter((sa) => !context.replaced.includes(sa.uniqueId)),
    }),
    takeLoaded: assign(({ context, event }) => {
      if (event.type !== "connection.loaded") return {};
      // The previous process may have ended after it loaded the spec and before it terminated the
      // SA.
      const isLeft = context.sas.some((sa) => isOfEarlierSpec(sa, context.child));
      const known = event.alike === true && !isLeft ? differenceOf(context) : undefined;
      return {
        loaded: true,
        loadedSince: true,
        attempt: 0,
        recurrence: noRecurrence,
        tried: known === undefined ? context.tried : withTried(context.tried, known),
      };
    }),
    /** Notes how the SAs differ from the manifest, or else that the peer does not rekey them. */
    noteDifference: assign(({ context }) => ({
      failure:
        differenceFailure(differenceOf(context), context.failure) ??
        standingRefusal(context.rekeyRefusal, context.sas),
    })),
    takeRefusedRekey: assign(({ context: { sas, rekeyRefusal }, event }) =>
      event.type === "rekey.refused"
        ? { rekeyRefusal: noteRefusal(event.failure, sas, rekeyRefusal) }
        : {},
    ),
    noteLoop: assign(({ context }) => ({ failure: loopFailure(context.recurrence) })),
    recur: assign(({ context }, params: { state: string; cause: string }) => ({
      recurrence: recurring(context.recurrence, params.state, params.cause),
    })),
    /** Records a difference before the SA is replaced for it, which happens once per difference. */
    noteRepair: assign(({ context }) => {
      const difference = differenceOf(context) ?? "";
      return {
        tried: withTried(context.tried, difference),
        recurrence: recurring(context.recurrence, "replacing", difference),
      };
    }),
    /**
     * Keeps an SA that the peer narrowed in a negotiation of the present manifest: the next one
     * would be the same.
     */
    acceptNarrowed: assign(({ context }) => {
      const { sas, child, loadedSince, tried } = context;
      const difference = differenceOf(context);
      if (difference === undefined || loadedSince) return {};
      return sas.some((sa) => isOfEarlierSpec(sa, child))
        ? {}
        : { tried: withTried(tried, difference) };
    }),
    /** Allows another attempt, since the SA was not terminated. */
    forgetRepair: assign({
      tried: ({ context }) => context.tried.filter((known) => known !== differenceOf(context)),
    }),
    /** Frees the next return of its pause, and only that one. */
    calm: assign({ calm: true }),
    /** Forgets attempts, recurrences and repairs after a long time without a failure. */
    settle: assign(({ context }) => ({
      attempt: 0,
      recurrence: noRecurrence,
      tried: differenceOf(context) === undefined ? [] : context.tried,
    })),
    /** Reports that the child carries traffic. */
    reportUp: sendParent(({ context }): ChildReport => ({
      type: "child.up",
      child: context.child.key,
    })),
    /** Reports that the child carries no traffic, after a refusal or before one. */
    reportDown: sendParent(({ context }, params: { failed: boolean }): ChildReport => ({
      type: "child.down",
      child: context.child.key,
      ...params,
    })),
    /** Reports other parameters of the tunnel, which decide packet sizes. */
    reportTunnel: enqueueActions(({ enqueue, context }) => {
      // Without an SA, the gateway keeps the parameters of the last one, the best guess at the
      // next.
      const sa = context.sas.at(-1);
      const tunnel = sa && tunnelOf(sa);
      if (tunnel === undefined || isDeepStrictEqual(tunnel, context.tunnel)) return;
      enqueue.assign({ tunnel });
      enqueue.sendParent({ type: "tunnel.changed", child: context.child.key, tunnel });
    }),
    takeHint: assign(({ event }) =>
      event.type === "peer.notified" ? { hint: event.failure, failure: event.failure } : {},
    ),
    /** Notes a failure that may belong to an earlier SA, unless another one is known. */
    takePassing: assign(({ context, event }) =>
      event.type === "peer.notified" && context.hint === undefined
        ? { hint: event.failure, failure: event.failure }
        : {},
    ),
    /** Notes the answer of a peer to a request that charon had to send again. */
    takeAnswer: assign(({ context, event }) =>
      event.type === "peer.notified" && context.hint?.reason === Reason.PeerUnreachable
        ? { hint: event.failure, failure: event.failure }
        : {},
    ),
    takeList: assign(({ context, event }) => {
      if (event.type !== "sas.listed") return {};
      const own = ownSas(event.ikeSas, context.child);
      return { sas: own.filter(isInstalled), busy: isBusy(event.ikeSas, own) };
    }),
  },
  guards: {
    /** Whether each pair of networks has an SA, or an SA has to be replaced first. */
    installed: ({ context }) =>
      context.sas.length > 0 && (missingSets(context).length === 0 || isToReplace(context)),
    incomplete: ({ context }) => missingSets(context).length > 0,
    repairable: ({ context }) => context.loaded && isRepairable(differenceOf(context), context),
    /** An SA that differs keeps its pause, since it would be replaced again. */
    calmable: ({ context }) => differenceOf(context) === undefined,
    looping: ({ context }) => !context.calm && isLooping(context.recurrence),
    exhausted: ({ context }) => !context.calm && isExhausted(context),
    rekeying: ({ context }) => context.sas.some(isRekeying),
    loaded: ({ context }) => context.loaded,
    hinted: ({ context }) => context.hint !== undefined,
    /** A peer also ends SAs that were replaced, and is busy while a rekey is under way. */
    refuses: ({ event }) =>
      event.type === "peer.notified" &&
      event.failure.reason !== Reason.PeerClosed &&
      event.failure.reason !== Reason.PeerBusy,
    /** charon already works on the SA: another command would interfere. */
    yields: ({ context }) => context.loaded && context.busy,
    initiates: ({ context }) => context.child.initiates,
    /** charon's events report a peer that dials a path on standby. */
    polls: ({ context }) => context.child.standsBy !== true,
    attemptOver: ({ context }) => missingSets(context).length > 0 && !context.busy,
    stalled: ({ context }) => context.failure?.retryable === false && !context.loadedSince,
  },
  delays: {
    /** SAs that were closed count like failures: a peer may do both in turn. */
    backoff: ({ context }) => pacedPauseMs(context, context.lasted),
    calm: slowMs,
    steady: steadyMs,
    check: 2_000,
    hintSettle: 200,
    slow: slowMs,
    stalledRetry: () => slowPauseMs(),
    rekeyDeadline: 60_000,
  },
});
