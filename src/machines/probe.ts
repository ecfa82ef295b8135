import { assign, fromCallback, setup } from "xstate";
import type { Address } from "../model/net/address.ts";
import type { Gateway } from "../model/network/endpoint.ts";

/** What to ask for answers, and from where. */
export interface ProbeOrder {
  readonly gateway: Gateway;
  readonly source: Address;
  readonly target: Address;
  readonly intervalMs: number;
}

export interface ProbeContext {
  readonly order: Omit<ProbeOrder, "gateway">;
  /** Undefined while there is none to ask from. */
  readonly gateway: Gateway | undefined;
  /** Requests in a row that were not answered. */
  readonly lost: number;
}

export type ProbeEvent =
  | { type: "gateway.changed"; gateway: Gateway | undefined }
  | { type: "probe.answered" }
  | { type: "probe.lost" };

export type ProbeInput = Pick<ProbeContext, "order" | "gateway">;

/** So many in a row mean that nobody can be reached; one or two are lost now and then. */
const lostInRow = 3;

/** Whether something behind the peer answers through a child's gateway. */
export const probeMachine = setup({
  types: {} as { context: ProbeContext; events: ProbeEvent; input: ProbeInput },
  actors: {
    /** Sends echo requests; `probe.answered` and `probe.lost` tell what came of them. */
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
      description: "There is no gateway to ask from.",
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
        waiting: { description: "Nothing is known yet." },
        reachable: {
          description: "It answers.",
          entry: { type: "forgetLost" },
        },
        unreachable: { description: "Several requests in a row were not answered." },
      },
    },
  },
});
