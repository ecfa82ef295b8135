import { and, assign, not, setup } from "xstate";
import type { Failure } from "../model/status/failure.ts";
import { includes } from "../model/value/includes.ts";
import type { KubeObject } from "../model/kubernetes/kube-object.ts";
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
  /** Undefined: it is to go. */
  readonly wanted: KubeObject | undefined;
  /** As the API server was last known to have it. */
  readonly actual: KubeObject | undefined;
  /** The version of the view that `actual` is from: what is older tells nothing. */
  readonly version: bigint;
  /** What was applied last, and the generation that came of it. */
  readonly applied:
    | { readonly wanted: KubeObject; readonly generation: number | undefined }
    | undefined;
  readonly lingerMs: number;
  readonly failure: Failure | undefined;
  readonly attempt: number;
  /** Of changes by others that were put right. */
  readonly recurrence: Recurrence;
}

export type ManagedObjectEvent =
  | { type: "wanted"; object: KubeObject }
  | { type: "unwanted" }
  /** A view of the API knows this of it, as of that version. */
  | { type: "seen"; object: KubeObject | undefined; version: bigint };

export interface ManagedObjectInput {
  readonly wanted: KubeObject | undefined;
  readonly actual: KubeObject | undefined;
  readonly version: bigint;
  /** How long it stays when nobody wants it any more, in milliseconds. */
  readonly lingerMs: number;
}

function versionOf(object: KubeObject): bigint {
  return BigInt(object.metadata.resourceVersion ?? 0);
}

/** True where the API has what is wanted, or made of it what it would again. */
function isSettled({ wanted, actual, applied }: ManagedObjectContext): boolean {
  if (wanted === undefined || actual === undefined) return false;
  const { generation, deletionTimestamp } = actual.metadata;
  if (deletionTimestamp !== undefined) return false;
  // A kind without a generation, such as Role, is compared each time.
  const isApplied = applied?.wanted === wanted && applied.generation === generation;
  if (isApplied && generation !== undefined) return true;
  return includes(actual, wanted);
}

/** True where what is wanted was applied before, and others have changed it since. */
function isUndone({ wanted, applied }: ManagedObjectContext): boolean {
  return wanted !== undefined && applied?.wanted === wanted;
}

/** An object that the operator wants in the API: made, kept as it is meant, and removed. */
export const managedObjectMachine = setup({
  types: {} as {
    context: ManagedObjectContext;
    events: ManagedObjectEvent;
    input: ManagedObjectInput;
  },
  actors: {
    /** Makes the object so; gives it as the server then has it. */
    apply: notProvided<KubeObject, KubeObject>("apply"),
    /** Deletes the object; one that is gone is deleted. */
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
    /** What was there is not any more what it was made to be. */
    countChange: assign(({ context }) => {
      if (!isUndone(context)) return {};
      const cause = "something other than ipman changes or deletes the object";
      return { recurrence: recurring(context.recurrence, "applying", cause) };
    }),
    noteLoop: assign(({ context }) => ({ failure: loopFailure(context.recurrence) })),
  },
  guards: {
    /** Another change by others, after many: it waits. */
    contested: ({ context }) => isUndone(context) && isLooping(context.recurrence),
    settled: ({ context }) => isSettled(context),
    wanted: ({ context }) => context.wanted !== undefined,
    absent: ({ context }) => context.actual === undefined,
    /** A server that terminates an object has its reasons for taking long. */
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
      description: "What is there is compared with what is wanted.",
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
      description: "The object is as it is wanted.",
      entry: assign({ failure: undefined }),
      after: { steady: { actions: assign({ attempt: 0, recurrence: noRecurrence }) } },
    },
    waiting: { description: "It is being deleted; what it is to be comes after that." },
    applying: {
      description: "The difference is applied.",
      // What is seen meanwhile counts afterwards, if it is newer than what comes of this.
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
      description: "Nobody wants it any more; what depends on it ends first.",
      // Others may change it all the while, and it goes nevertheless.
      on: { seen: { actions: { type: "takeSeen" } } },
      always: { guard: "absent", target: "gone" },
      after: { linger: "removing" },
    },
    removing: {
      description: "It is deleted.",
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
        "The API server said no, or nothing, or others change the object again and again; it is tried again.",
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
