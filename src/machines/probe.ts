import { assign, fromCallback, setup } from "xstate";
import type { Address } from "../model/net/address.ts";
import type { Gateway } from "../model/network/endpoint.ts";

/** The target and the source of echo requests. */
export interface ProbeOrder {
  readonly gateway: Gateway;
  readonly source: Address;
  readonly target: Address;
  readonly intervalMs: number;
}

export interface ProbeContext {
  readonly order: Omit<ProbeOrder, "gateway">;
  /** Undefined while the child has no gateway. */
  readonly gateway: Gateway | undefined;
  /** The number of consecutive requests without an answer. */
  readonly lost: number;
}

export type ProbeEvent =
  | { type: "gateway.changed"; gateway: Gateway | undefined }
  | { type: "probe.answered" }
  | { type: "probe.lost" };

export type ProbeInput = Pick<ProbeContext, "order" | "gateway">;

/** The target counts as unreachable after this many lost requests; one or two may get lost. */
const lostInRow = 3;

/** Tests whether an address behind the peer answers through a child's gateway. */
export const probeMachine = setup({
  types: {} as { context: ProbeContext; events: ProbeEvent; input: ProbeInput },
  actors: {
    /** Sends echo requests and reports `probe.answered` or `probe.lost`. */
    ask: fromCallback<ProbeEvent, ProbeOrder>(() => {}),
  },
  guards: {
    hasGateway: ({ context }) => context.gateway !== undefined,
    isEnough: ({ context }) => context.lost + 1 >= lostInRow,
  },
  actions: {
    countLost: assign({ lost: ({ context }) => context.lost + 1 }),
    forgetLost: assign({ lost: 0 }),
  },
}).createMachine({
  id: "probe",
  context: ({ input }) => ({ ...input, lost: 0 }),
  initial: "idle",
  on: {
    "gateway.changed": {
      actions: assign({ gateway: ({ event }) => event.gateway }),
      target: ".idle",
    },
  },
  states: {
    idle: {
      description: "The child has no gateway.",
      always: { guard: "hasGateway", target: "asking" },
    },
    asking: {
      description: "Echo requests go through the gateway.",
      entry: { type: "forgetLost" },
      invoke: {
        id: "ask",
        src: "ask",
        input: ({ context }) => ({ ...context.order, gateway: context.gateway as Gateway }),
      },
      initial: "waiting",
      on: {
        "probe.answered": { target: ".reachable" },
        "probe.lost": [
          { guard: "isEnough", target: ".unreachable", actions: { type: "countLost" } },
          { actions: { type: "countLost" } },
        ],
      },
      states: {
        waiting: { description: "No answer or loss yet." },
        reachable: {
          description: "The target answers.",
          entry: { type: "forgetLost" },
        },
        unreachable: { description: "Several consecutive requests were lost." },
      },
    },
  },
});
