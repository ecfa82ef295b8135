import { and, assign, not, setup } from "xstate";
import type { Failure } from "../model/status/failure.ts";
import { hasDigestOf, type KubeObject } from "../model/kubernetes/kube-object.ts";
import { includes } from "../model/value/includes.ts";
import { failureOf } from "./common/failure-of.ts";
import { notProvided } from "./common/not-provided.ts";
import {
  isLooping,
  loopFailure,
  noRecurrence,
  pauseMs,
  recurring,
  steadyMs,
  type Recurrence,
} from "./common/recurrence.ts";

export interface ManagedObjectContext {
  /** Undefined if the object is to be deleted. */
  readonly wanted: KubeObject | undefined;
  /** The object as last seen at the API server. */
  readonly actual: KubeObject | undefined;
  /** The version that `actual` is from: older events are ignored. */
  readonly version: bigint;
  /** The object that was applied last, and the generation that resulted. */
  readonly applied:
    | { readonly wanted: KubeObject; readonly generation: number | undefined }
    | undefined;
  readonly lingerMs: number;
  readonly comparedBy?: "content" | "digest";
  readonly failure: Failure | undefined;
  readonly attempt: number;
  /** Counts repairs of changes by other programs. */
  readonly recurrence: Recurrence;
}

export type ManagedObjectEvent =
  | { type: "wanted"; object: KubeObject }
  | { type: "unwanted" }
  /** The view of the API server has this object, as of this version. */
  | { type: "seen"; object: KubeObject | undefined; version: bigint };

export interface ManagedObjectInput {
  readonly wanted: KubeObject | undefined;
  readonly actual: KubeObject | undefined;
  readonly version: bigint;
  /** How long the object stays after it became unwanted, in milliseconds. */
  readonly lingerMs: number;
  /** `digest`: other programs may change the object's content; `content` by default. */
  readonly comparedBy?: "content" | "digest";
}

function versionOf(object: KubeObject): bigint {
  return BigInt(object.metadata.resourceVersion ?? 0);
}

/** Whether the API server has the wanted object, or what it made of that object when applied. */
function isSettled({ wanted, actual, applied, comparedBy }: ManagedObjectContext): boolean {
  if (wanted === undefined || actual === undefined) return false;
  const { generation, deletionTimestamp } = actual.metadata;
  if (deletionTimestamp !== undefined) return false;
  if (comparedBy === "digest") return hasDigestOf(actual, wanted);
  // A kind without a generation, such as Role, is compared each time.
  const isApplied = applied?.wanted === wanted && applied.generation === generation;
  if (isApplied && generation !== undefined) return true;
  return includes(actual, wanted);
}

/** Whether the wanted object was applied before and another program changed it since. */
function isUndone({ wanted, applied }: ManagedObjectContext): boolean {
  return wanted !== undefined && applied?.wanted === wanted;
}

/**
 * An object that the operator manages at the API server: created, repaired and deleted. The runtime
 * provides the effects in `operator/deployments/managed-objects.ts`.
 */
export const managedObjectMachine = setup({
  types: {} as {
    context: ManagedObjectContext;
    events: ManagedObjectEvent;
    input: ManagedObjectInput;
  },
  actors: {
    /** Applies the object; resolves with the object as the server then has it. */
    apply: notProvided<KubeObject, KubeObject>("apply"),
    /** Deletes the object; succeeds if the object does not exist. */
    remove: notProvided<void, KubeObject>("remove"),
  },
  actions: {
    noteFailure: assign(({ context }, params: { error: unknown }) => ({
      failure: failureOf(params.error),
      attempt: context.attempt + 1,
    })),
    takeSeen: assign(({ context, event }) =>
      event.type === "seen" && event.version >= context.version
        ? { actual: event.object, version: event.version }
        : {},
    ),
    /** Counts a repair of a change by another program. */
    countChange: assign(({ context }) => {
      if (!isUndone(context)) return {};
      const cause = "something other than ipman changes or deletes the object";
      return { recurrence: recurring(context.recurrence, "applying", cause) };
    }),
    noteLoop: assign(({ context }) => ({ failure: loopFailure(context.recurrence) })),
  },
  guards: {
    /** Another program changed the object again, after many times: the repair waits. */
    contested: ({ context }) => isUndone(context) && isLooping(context.recurrence),
    settled: ({ context }) => isSettled(context),
    wanted: ({ context }) => context.wanted !== undefined,
    absent: ({ context }) => context.actual === undefined,
    /** The server is deleting the object, which may take any time. */
    going: ({ context }) => context.actual?.metadata.deletionTimestamp !== undefined,
  },
  delays: {
    backoff: ({ context }) => pauseMs(context),
    steady: steadyMs,
    linger: ({ context }) => context.lingerMs,
  },
}).createMachine({
  id: "managedObject",
  context: ({ input }) => ({
    ...input,
    applied: undefined,
    failure: undefined,
    attempt: 0,
    recurrence: noRecurrence,
  }),
  initial: "comparing",
  on: {
    wanted: {
      guard: ({ context, event }) => context.wanted !== event.object,
      actions: assign({
        wanted: ({ event }) => event.object,
        attempt: 0,
        recurrence: noRecurrence,
      }),
      target: ".comparing",
    },
    unwanted: {
      guard: "wanted",
      actions: assign({ wanted: undefined, attempt: 0, recurrence: noRecurrence }),
      target: ".comparing",
    },
    seen: {
      guard: ({ context, event }) => event.version >= context.version,
      actions: { type: "takeSeen" },
      target: ".comparing",
    },
  },
  states: {
    comparing: {
      description: "The actual object is compared with the wanted one.",
      always: [
        { guard: "settled", target: "settled" },
        { guard: "going", target: "waiting" },
        {
          guard: "contested",
          target: "refused",
          actions: [{ type: "countChange" }, { type: "noteLoop" }],
        },
        { guard: "wanted", target: "applying", actions: { type: "countChange" } },
        { guard: "absent", target: "gone" },
        { target: "lingering" },
      ],
    },
    settled: {
      description: "The object is as wanted.",
      entry: assign({ failure: undefined }),
      after: { steady: { actions: assign({ attempt: 0, recurrence: noRecurrence }) } },
    },
    waiting: { description: "The object is being deleted; it is created again after that." },
    applying: {
      description: "The wanted object is applied.",
      // An object that is seen meanwhile counts if it is newer than the result of this call.
      entry: assign({ version: 0n }),
      on: { seen: { actions: { type: "takeSeen" } } },
      invoke: {
        id: "apply",
        src: "apply",
        input: ({ context }) => context.wanted as KubeObject,
        onDone: {
          target: "comparing",
          actions: assign(({ context, event: { output } }) => ({
            ...(versionOf(output) >= context.version && {
              actual: output,
              version: versionOf(output),
            }),
            applied: {
              wanted: context.wanted as KubeObject,
              generation: output.metadata.generation,
            },
          })),
        },
        onError: {
          target: "refused",
          actions: { type: "noteFailure", params: ({ event }) => ({ error: event.error }) },
        },
      },
    },
    lingering: {
      description:
        "The object is unwanted and stays for a while, so that what depends on it ends first.",
      // Changes by other programs do not extend the time.
      on: { seen: { actions: { type: "takeSeen" } } },
      always: { guard: "absent", target: "gone" },
      after: { linger: "removing" },
    },
    removing: {
      description: "The object is deleted.",
      invoke: {
        id: "remove",
        src: "remove",
        input: ({ context }) => context.actual as KubeObject,
        onDone: { target: "comparing", actions: assign({ actual: undefined }) },
        onError: {
          target: "refused",
          actions: { type: "noteFailure", params: ({ event }) => ({ error: event.error }) },
        },
      },
    },
    refused: {
      description:
        "A call failed, or another program changes the object repeatedly; retried after a backoff.",
      on: { seen: { actions: { type: "takeSeen" } } },
      always: [
        { guard: "settled", target: "settled" },
        { guard: and([not("wanted"), "absent"]), target: "gone" },
      ],
      after: {
        backoff: [
          {
            guard: and(["wanted", not("going")]),
            target: "applying",
            actions: { type: "countChange" },
          },
          { target: "comparing" },
        ],
      },
    },
    gone: { type: "final" },
  },
});
