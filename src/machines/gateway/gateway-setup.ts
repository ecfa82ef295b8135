import { assign, enqueueActions, fromCallback, setup, type AnyEventObject } from "xstate";
import { failure } from "../../model/status/failure.ts";
import { failureOf } from "../common/failure-of.ts";
import type {
  Duty,
  GatewayContext,
  GatewayEvent,
  GatewayInput,
  GatewayOrder,
  KernelPart,
  PassResult,
  PlaceOrder,
  RemoveOrder,
} from "./gateway-types.ts";
import { notProvided } from "../common/not-provided.ts";
import { orderOf } from "./gateway-order.ts";
import {
  changedByOthers,
  fights,
  isContested,
  isFight,
  isFresh,
  pausingRecurrence,
} from "./gateway-fights.ts";
import {
  calmed,
  calmMs,
  isCalmable,
  isLooping,
  loopFailure,
  pauseMs,
  recurringOf,
  steadyMs,
} from "../common/recurrence.ts";

const holdId = "hold";

const unattended: Readonly<Record<Duty, string>> = {
  watch: "the namespace cannot be watched",
  announce: "the gateway cannot announce itself to the workers",
};

/** The types, actors, actions, guards and delays of the gateway machine. */
export const gatewaySetup = setup({
  types: {} as { context: GatewayContext; events: GatewayEvent; input: GatewayInput },
  actors: {
    /** Requests a namespace; `endpoints.changed` reports it. */
    place: notProvided<void, PlaceOrder>("place"),
    /** Removes the gateway and its namespace. */
    remove: notProvided<void, RemoveOrder>("remove"),
    /** Brings the namespace's links, addresses, routes and entries in line with the plan. */
    apply: notProvided<PassResult, GatewayOrder>("apply"),
    /**
     * Watches the namespace, whose changes `kernel.changed` reports, and announces the gateway's
     * address to the workers regularly. `attend.failed` reports that one of the two cannot start;
     * the other one continues.
     */
    attend: fromCallback<AnyEventObject, GatewayOrder>(() => {}),
    /** Keeps back what workers send until it is stopped. */
    hold: fromCallback<AnyEventObject, GatewayOrder>(() => {}),
  },
  actions: {
    noteFailure: assign(({ context }, params: { error: unknown }) => ({
      failure: failureOf(params.error),
      attempt: context.attempt + 1,
    })),
    /**
     * Counts the first of consecutive failures as a recurrence; the others have a growing backoff.
     */
    countFailure: assign(({ context }) => {
      if (context.attempt > 1) return {};
      const cause = "the kernel rejects a part of the plan";
      return { recurrences: recurringOf(context.recurrences, "degraded", cause) };
    }),
    noteUnattended: assign(({ context, event }) => {
      if (event.type !== "attend.failed") return {};
      const cause = unattended[event.duty];
      const { reason, message } = failureOf(event.error);
      return {
        failure: failure(reason, `${cause}: ${message}`),
        attempt: 1,
        changed: [],
        wokenBy: [],
        recurrences: recurringOf(context.recurrences, "configuring", cause),
      };
    }),
    recur: assign(({ context }, params: { cause: string }) => ({
      changed: [],
      wokenBy: [],
      recurrences: recurringOf(context.recurrences, "configuring", params.cause),
    })),
    noteChange: assign(({ context, event }) => ({ changed: withPart(context.changed, event) })),
    wake: assign(({ context }) => ({ wokenBy: context.changed, changed: [] })),
    wakeBy: assign(({ event }) => ({ wokenBy: withPart([], event) })),
    /**
     * Counts a pass that kernel events caused and that repaired something: another program
     * interferes.
     */
    notePass: assign(({ context }, { repaired }: PassResult) => {
      const contested = repaired ? context.wokenBy : [];
      const recurrences = contested.reduce(
        (known, part) => recurringOf(known, "configuring", changedByOthers(part)),
        context.recurrences,
      );
      const fought = fights({ ...context, recurrences }).find(isLooping);
      const failure = fought && loopFailure(fought);
      return { failure, recurrences, attempt: 0, applied: true };
    }),
    /**
     * Lowers the counts after a time without interference, so that the next repair does not wait.
     */
    calm: assign(({ context }) => ({
      recurrences: context.recurrences.map((known) => (isFight(known) ? calmed(known) : known)),
    })),
    /** Keeps back what workers send until a pass leads it into another tunnel. */
    hold: enqueueActions(({ enqueue, context }) => {
      enqueue.spawnChild("hold", { id: holdId, input: orderOf(context) });
      enqueue.assign({ held: "waiting" });
    }),
    /** The next pass leads into the tunnel that the packets wait for. */
    expectRelease: assign(({ context: { held } }) => ({ held: held && "due" })),
    /** Forwards the packets that were held: all, or those for which a pass was due. */
    release: enqueueActions(({ enqueue, context: { held } }, params: { onlyDue?: true }) => {
      if (held === undefined || (params.onlyDue === true && held !== "due")) return;
      enqueue.stopChild(holdId);
      enqueue.assign({ held: undefined });
    }),
    /** The next announcements to the workers are those of a gateway that they do not follow yet. */
    noteContest: assign(({ context: { contests } }) => ({ contests: contests + 1 })),
    noteLoop: assign(({ context }) => ({ failure: loopFailure(pausingRecurrence(context)) })),
  },
  guards: {
    located: ({ context }) => context.gateway !== undefined,
    looping: ({ context }) => isLooping(pausingRecurrence(context)),
    calmable: ({ context }) =>
      context.recurrences.some((known) => isFight(known) && isCalmable(known)),
    contested: ({ context }) => isContested(context),
    /** Whether the changed part is not contested: its repair does not wait. */
    fresh: ({ context, event }) =>
      context.attempt === 0 && isContested(context) && isFresh(context, partOf(event)),
    holdable: ({ context }) => context.applied && context.held === undefined,
    disturbed: ({ context }) => context.recurrences.length > 0,
    woken: ({ context }) => context.wokenBy.length > 0,
  },
  delays: {
    backoff: ({ context: { attempt, ...context } }) =>
      pauseMs({ attempt, recurrence: pausingRecurrence(context) }),
    settle: 20,
    /** The least time between two passes that kernel events cause. */
    rest: 250,
    calm: calmMs,
    steady: steadyMs,
    /**
     * Kernel events report changes and lost events; this pass covers anything else. Node keeps a
     * list of timers for each duration, so gateways share a few durations.
     */
    resync: () => 5_000 * Math.round(90 + Math.random() * 60),
  },
});

function partOf(event: GatewayEvent): KernelPart {
  return (event.type === "kernel.changed" ? event.part : undefined) ?? "namespace";
}

function withPart(known: readonly KernelPart[], event: GatewayEvent): readonly KernelPart[] {
  const part = partOf(event);
  return known.includes(part) ? known : [...known, part];
}
