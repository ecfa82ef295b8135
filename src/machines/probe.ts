import { assign, fromCallback, setup } from "xstate";
import type { Address } from "../model/net/address.ts";
import type { Gateway } from "../model/network/endpoint.ts";
import type { EchoPace } from "../model/probe/echo-pace.ts";

/** The target and the source of echo requests. */
export interface ProbeOrder {
  readonly gateway: Gateway;
  readonly source: Address;
  readonly target: Address;
  readonly pace: EchoPace;
}

export interface ProbeContext {
  readonly order: Omit<ProbeOrder, "gateway">;
  /** Undefined while the child has no gateway. */
  readonly gateway: Gateway | undefined;
}

export type ProbeEvent =
  | { type: "gateway.changed"; gateway: Gateway | undefined }
  /** The gateway leads the requests into another path, or into one that has just come up. */
  | { type: "path.switched" }
  | { type: "probe.answered" }
  /** Several consecutive requests were lost. */
  | { type: "probe.unanswered" };

export type ProbeInput = ProbeContext;

/** Tests whether an address behind the peer answers through a child's gateway. */
export const probeMachine = setup({
  types: {} as { context: ProbeContext; events: ProbeEvent; input: ProbeInput },
  actors: {
    /** Sends echo requests and reports `probe.answered` or `probe.unanswered`. */
    ask: fromCallback<ProbeEvent, ProbeOrder>(() => {}),
  },
  guards: { hasGateway: ({ context }) => context.gateway !== undefined },
}).createMachine({
  id: "probe",
  context: ({ input }) => input,
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
      invoke: {
        id: "ask",
        src: "ask",
        input: ({ context }) => ({ ...context.order, gateway: context.gateway as Gateway }),
      },
      initial: "waiting",
      on: {
        // Requests by another socket, so that a late answer by the former path does not count.
        "path.switched": { target: "asking", reenter: true },
        "probe.answered": { target: ".reachable" },
        "probe.unanswered": { target: ".unreachable" },
      },
      states: {
        waiting: { description: "Neither an answer nor several consecutive losses yet." },
        reachable: { description: "The target answers." },
        unreachable: { description: "Several consecutive requests were lost." },
      },
    },
  },
});
