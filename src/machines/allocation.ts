import { assign, emit, setup } from "xstate";
import type { AddressOutcome, AddressWish } from "../model/addresses/allocation.ts";
import { failureOf } from "./common/failure-of.ts";
import { notProvided } from "./common/not-provided.ts";

/** A wish, and who waits for what comes of it. */
export interface Waiting {
  readonly id: number;
  readonly wish: AddressWish;
}

/** What came of a wish; an address with the stamp of its reservation. */
export type Settled = AddressOutcome & {
  readonly reservedAt?: string;
  /** It could not be written down: no fault of who wishes. */
  readonly unwritten?: true;
};

export interface AllocationContext {
  readonly connectionId: string;
  /** Being written now. */
  readonly batch: readonly Waiting[];
  /** Came meanwhile. */
  readonly queue: readonly Waiting[];
  /** Whether more should be reserved ahead. */
  readonly restock: boolean;
  /** Whether some is. */
  readonly stocked: boolean;
}

export type AllocationEvent = ({ type: "wanted" } & Waiting) | { type: "restock" };

export type AllocationEmitted = {
  type: "settled";
  results: readonly { readonly id: number; readonly result: Settled }[];
};

/** What `reserve` needs. */
export interface ReserveOrder {
  readonly connectionId: string;
  readonly wishes: readonly AddressWish[];
}

/** What came of it. */
export interface Reserved {
  /** One for each wish, in their order. */
  readonly results: readonly Settled[];
  /** Whether some is reserved that nobody asked for yet. */
  readonly stocked: boolean;
}

/**
 * Gives the addresses of one connection. Each write reserves for all who wait, and is made
 * only if nobody wrote since it was thought out (compare-and-swap): any number of replicas
 * give no address twice. A write may reserve ahead, too; what nobody asks for is let go of.
 */
export const allocationMachine = setup({
  types: {} as {
    context: AllocationContext;
    events: AllocationEvent;
    emitted: AllocationEmitted;
    input: { connectionId: string };
  },
  actors: {
    /** Chooses and reserves, and lets go of what is not wanted any more. */
    reserve: notProvided<Reserved, ReserveOrder>("reserve"),
  },
  delays: { stockMs: 1_000 },
  actions: {
    queue: assign({
      queue: ({ context }, { id, wish }: Waiting) => [...context.queue, { id, wish }],
    }),
    takeQueue: assign({ batch: ({ context }) => context.queue, queue: [], restock: false }),
    restock: assign({ restock: true }),
    noteStock: assign({ stocked: (_, params: { stocked: boolean }) => params.stocked }),
    settle: emit(({ context }, params: { results: readonly Settled[] }) => ({
      type: "settled" as const,
      results: context.batch.map(({ id }, i) => ({ id, result: params.results[i] as Settled })),
    })),
    refuse: emit(({ context }, params: { error: unknown }) => ({
      type: "settled" as const,
      results: context.batch.map(({ id }) => ({
        id,
        result: {
          ok: false as const,
          message: failureOf(params.error).message,
          taken: true,
          unwritten: true as const,
        },
      })),
    })),
  },
}).createMachine({
  id: "allocation",
  context: ({ input }) => ({ ...input, batch: [], queue: [], restock: false, stocked: false }),
  initial: "idle",
  on: {
    wanted: { actions: { type: "queue", params: ({ event }) => event } },
    restock: { actions: "restock" },
  },
  states: {
    idle: {
      always: {
        guard: ({ context }) => context.queue.length > 0 || context.restock,
        target: "reserving",
      },
      after: { stockMs: { guard: ({ context }) => context.stocked, target: "reserving" } },
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
          actions: [
            { type: "noteStock", params: ({ event }) => event.output },
            { type: "settle", params: ({ event }) => event.output },
          ],
        },
        onError: {
          target: "idle",
          actions: { type: "refuse", params: ({ event }) => ({ error: event.error }) },
        },
      },
    },
  },
});
