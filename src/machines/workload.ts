import { assign, setup } from "xstate";
import type { Failure } from "../model/failure.ts";
import { includes } from "../model/includes.ts";
import type { KubeObject } from "../model/kube-object.ts";
import { backoffMs } from "./backoff.ts";
import { failureOf } from "./failure-of.ts";
import { notProvided } from "./not-provided.ts";

export interface WorkloadContext {
  /** Undefined: it is to go. */
  readonly wanted: KubeObject | undefined;
  /** As the API server was last known to have it. */
  readonly actual: KubeObject | undefined;
  /** The version of the view that `actual` is from: what is older tells nothing. */
  readonly version: bigint;
  /** What was applied last, and the generation that came of it. */
  readonly applied: { readonly wanted: KubeObject; readonly generation: number } | undefined;
  readonly lingerMs: number;
  readonly failure: Failure | undefined;
  readonly attempt: number;
}

export type WorkloadEvent =
  | { type: "wanted"; object: KubeObject }
  | { type: "unwanted" }
  /** A view of the API knows this of it, as of that version. */
  | { type: "seen"; object: KubeObject | undefined; version: bigint };

export interface WorkloadInput {
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
function isSettled({ wanted, actual, applied }: WorkloadContext): boolean {
  if (wanted === undefined || actual === undefined) return false;
  const { generation = 0, deletionTimestamp } = actual.metadata;
  if (deletionTimestamp !== undefined) return false;
  if (applied?.wanted === wanted && applied.generation === generation) return true;
  return includes(actual, wanted);
}

/** An object that the operator wants in the API: made, kept as it is meant, and removed. */
export const workloadMachine = setup({
  types: {} as { context: WorkloadContext; events: WorkloadEvent; input: WorkloadInput },
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
  },
  guards: {
    settled: ({ context }) => isSettled(context),
    wanted: ({ context }) => context.wanted !== undefined,
    absent: ({ context }) => context.actual === undefined,
    /** A server that terminates an object has its reasons for taking long. */
    going: ({ context }) => context.actual?.metadata.deletionTimestamp !== undefined,
  },
  delays: {
    backoff: ({ context }) => backoffMs(context.attempt),
    linger: ({ context }) => context.lingerMs,
  },
}).createMachine({
  id: "workload",
  context: ({ input }) => ({ ...input, applied: undefined, failure: undefined, attempt: 0 }),
  initial: "comparing",
  on: {
    wanted: {
      guard: ({ context, event }) => context.wanted !== event.object,
      actions: assign({ wanted: ({ event }) => event.object, attempt: 0 }),
      target: ".comparing",
    },
    unwanted: {
      guard: "wanted",
      actions: assign({ wanted: undefined, attempt: 0 }),
      target: ".comparing",
    },
    seen: {
      guard: ({ context, event }) => event.version >= context.version,
      actions: assign({
        actual: ({ event }) => event.object,
        version: ({ event }) => event.version,
      }),
      target: ".comparing",
    },
  },
  states: {
    comparing: {
      description: "What is there is compared with what is wanted.",
      always: [
        { guard: "settled", target: "settled" },
        { guard: "going", target: "waiting" },
        { guard: "wanted", target: "applying" },
        { guard: "absent", target: "gone" },
        { target: "lingering" },
      ],
    },
    settled: {
      description: "The object is as it is wanted.",
      entry: assign({ failure: undefined, attempt: 0 }),
    },
    waiting: { description: "It is being deleted; what it is to be comes after that." },
    applying: {
      description: "The difference is applied.",
      invoke: {
        id: "apply",
        src: "apply",
        input: ({ context }) => context.wanted as KubeObject,
        onDone: {
          target: "comparing",
          actions: assign(({ context, event: { output } }) => ({
            actual: output,
            version: versionOf(output),
            applied: {
              wanted: context.wanted as KubeObject,
              generation: output.metadata.generation ?? 0,
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
      description: "The API server said no, or nothing; it is tried again.",
      after: { backoff: "comparing" },
    },
    gone: { type: "final" },
  },
});
