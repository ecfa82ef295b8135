import { assign, emit, setup } from "xstate";
import type { AddressOutcome, AddressWish } from "../model/allocation.ts";
import { failureOf } from "./failure-of.ts";
import { notProvided } from "./not-provided.ts";

/** A wish, and who waits for what comes of it. */
export interface Waiting {
  readonly id: number;
  readonly wish: AddressWish;
}

/** What came of a wish; an address with when it was reserved. */
export type Settled = AddressOutcome & { readonly reservedAt?: string };

export interface AllocationContext {
  readonly connectionId: string;
  /** Being written now. */
  readonly batch: readonly Waiting[];
  /** Came meanwhile. */
  readonly queue: readonly Waiting[];
}

export type AllocationEvent = { type: "wanted" } & Waiting;

export type AllocationEmitted = {
  type: "settled";
  results: readonly { readonly id: number; readonly result: Settled }[];
};

/** What `reserve` needs. */
export interface ReserveOrder {
  readonly connectionId: string;
  readonly wishes: readonly AddressWish[];
}

/**
 * Gives the addresses of one connection. Each write reserves for all who wait, and is made
 * only if nobody wrote since it was thought out (compare-and-swap): any number of replicas
 * give no address twice.
 */
export const allocationMachine = setup({
  types: {} as {
    context: AllocationContext;
    events: AllocationEvent;
    emitted: AllocationEmitted;
    input: { connectionId: string };
  },
  actors: {
    /** Chooses and reserves; gives what came of each wish, in their order. */
    reserve: notProvided<readonly Settled[], ReserveOrder>("reserve"),
  },
  actions: {
    queue: assign({
      queue: ({ context, event }) => [...context.queue, { id: event.id, wish: event.wish }],
    }),
    takeQueue: assign({ batch: ({ context }) => context.queue, queue: [] }),
    settle: emit(({ context }, params: { results: readonly Settled[] }) => ({
      type: "settled" as const,
      results: context.batch.map(({ id }, i) => ({ id, result: params.results[i] as Settled })),
    })),
    refuse: emit(({ context }, params: { error: unknown }) => ({
      type: "settled" as const,
      results: context.batch.map(({ id }) => ({
        id,
        result: { ok: false as const, message: failureOf(params.error).message, taken: true },
      })),
    })),
  },
}).createMachine({
  id: "allocation",
  context: ({ input }) => ({ ...input, batch: [], queue: [] }),
  initial: "idle",
  on: { wanted: { actions: "queue" } },
  states: {
    idle: {
      always: { guard: ({ context }) => context.queue.length > 0, target: "reserving" },
    },
    reserving: {
      description: "A batch is written; whoever comes meanwhile is in the next.",
      entry: "takeQueue",
      invoke: {
        id: "reserve",
        src: "reserve",
        input: ({ context }) => ({
          connectionId: context.connectionId,
          wishes: context.batch.map(({ wish }) => wish),
        }),
        onDone: {
          target: "idle",
          actions: { type: "settle", params: ({ event }) => ({ results: event.output }) },
        },
        onError: {
          target: "idle",
          actions: { type: "refuse", params: ({ event }) => ({ error: event.error }) },
        },
      },
    },
  },
});
