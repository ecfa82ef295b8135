import { assign, emit, setup } from "xstate";
import type { AddressOutcome, AddressRequest } from "../model/addresses/allocation.ts";
import { failureOf } from "./common/failure-of.ts";
import { notProvided } from "./common/not-provided.ts";

/** A request, and who waits for what comes of it. */
export interface Waiting {
  readonly id: number;
  readonly request: AddressRequest;
}

/** What came of a request; an address with the stamp of its reservation. */
export type Settled = AddressOutcome & {
  readonly reservationId?: string;
  /** It could not be written down: no fault of who requests. */
  readonly unwritten?: true;
};

export interface AllocationContext {
  readonly connectionId: string;
  /** Being written now. */
  readonly batch: readonly Waiting[];
  /** Came meanwhile. */
  readonly queue: readonly Waiting[];
  /** Whether more should be reserved prefetched. */
  readonly refill: boolean;
  /** Whether some is. */
  readonly hasPrefetched: boolean;
}

export type AllocationEvent = ({ type: "wanted" } & Waiting) | { type: "refill" };

export type AllocationEmitted = {
  type: "settled";
  results: readonly { readonly id: number; readonly result: Settled }[];
};

/** What `reserve` needs. */
export interface ReserveOrder {
  readonly connectionId: string;
  readonly requests: readonly AddressRequest[];
}

/** What came of it. */
export interface Reserved {
  /** One for each request, in their order. */
  readonly results: readonly Settled[];
  /** Whether some is reserved that nobody asked for yet. */
  readonly hasPrefetched: boolean;
}

/**
 * Gives the addresses of one connection. Each write reserves for all who wait, and is made
 * only if nobody wrote since it was thought out (compare-and-swap): any number of replicas
 * give no address twice. A write may reserve prefetched, too; what nobody asks for is let go of.
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
  delays: { prefetchMs: 1_000 },
  actions: {
    queue: assign({
      queue: ({ context }, { id, request }: Waiting) => [...context.queue, { id, request }],
    }),
    takeQueue: assign({ batch: ({ context }) => context.queue, queue: [], refill: false }),
    refill: assign({ refill: true }),
    notePrefetched: assign({
      hasPrefetched: (_, params: { hasPrefetched: boolean }) => params.hasPrefetched,
    }),
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
  context: ({ input }) => ({ ...input, batch: [], queue: [], refill: false, hasPrefetched: false }),
  initial: "idle",
  on: {
    wanted: { actions: { type: "queue", params: ({ event }) => event } },
    refill: { actions: "refill" },
  },
  states: {
    idle: {
      always: {
        guard: ({ context }) => context.queue.length > 0 || context.refill,
        target: "reserving",
      },
      after: { prefetchMs: { guard: ({ context }) => context.hasPrefetched, target: "reserving" } },
    },
    reserving: {
      description: "A batch is written; whoever comes meanwhile is in the next.",
      entry: "takeQueue",
      invoke: {
        id: "reserve",
        src: "reserve",
        input: ({ context }) => ({
          connectionId: context.connectionId,
          requests: context.batch.map(({ request }) => request),
        }),
        onDone: {
          target: "idle",
          actions: [
            { type: "notePrefetched", params: ({ event }) => event.output },
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
