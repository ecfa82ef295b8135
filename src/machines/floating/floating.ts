import { assign, fromCallback, sendParent, setup, type AnyEventObject } from "xstate";
import { backoffMs } from "../../model/time/backoff.ts";
import { failureOf } from "../common/failure-of.ts";
import { notProvided } from "../common/not-provided.ts";
import type {
  FloatingContext,
  FloatingEvent,
  FloatingInput,
  FloatingOrder,
  FloatingReport,
  LeaveOrder,
} from "./floating-types.ts";

const floatingSetup = setup({
  types: {} as { context: FloatingContext; events: FloatingEvent; input: FloatingInput },
  actors: {
    /** Adds the address and announces it, unless the node has it; resolves with whether it was added. */
    hold: notProvided<boolean, FloatingOrder>("hold"),
    /** Removes the address; in a planned move, the SAs of the address end before. */
    leave: notProvided<void, LeaveOrder>("leave"),
    /** Announces the address several times. */
    announce: fromCallback<AnyEventObject, FloatingOrder>(() => {}),
  },
  actions: {
    want: assign({ wanted: true }),
    leave: assign(({ event }) => ({
      wanted: false,
      planned: event.type === "address.leave" && event.planned,
    })),
    change: assign(({ context: { connection, floating }, event }) =>
      event.type === "address.changed"
        ? {
            connection: event.connection,
            floating: event.floating,
            former: { connection, floating },
          }
        : {},
    ),
    noteFailure: assign(({ context }, params: { error: unknown }) => ({
      failure: failureOf(params.error),
      attempt: context.attempt + 1,
    })),
    forgetFailure: assign({ failure: undefined, attempt: 0 }),
    reportHeld: sendParent((): FloatingReport => ({ type: "address.held" })),
    reportLeft: sendParent((): FloatingReport => ({ type: "address.left" })),
    reportRefused: sendParent(({ context }): FloatingReport => ({
      type: "address.refused",
      failure: context.failure as NonNullable<FloatingContext["failure"]>,
    })),
  },
  guards: {
    wanted: ({ context }) => context.wanted === true,
    unwanted: ({ context }) => context.wanted === false,
    changed: ({ context }) => context.former !== undefined,
    added: (_, isAdded: boolean) => isAdded,
    /** Whether the address leaves already, and no later than the event demands. */
    leavesInTime: ({ context: { wanted, planned }, event }) =>
      wanted === false && event.type === "address.leave" && (!planned || event.planned),
  },
  delays: {
    /** Other programs may remove the address. */
    check: 5_000,
    retry: ({ context }) => backoffMs(context.attempt),
  },
});

const orderOf = ({ context: { connection, floating } }: { context: FloatingContext }) => ({
  connection,
  floating,
});
const leaveOrderOf = ({ context }: { context: FloatingContext }): LeaveOrder => ({
  ...orderOf({ context }),
  planned: context.planned,
});
const noteFailure = {
  type: "noteFailure",
  params: ({ event }: { event: { error: unknown } }) => ({ error: event.error }),
} as const;

/** The address that the node of a connection's active path has, on one of several nodes. */
export const floatingMachine = floatingSetup.createMachine({
  id: "floating",
  context: ({ input }) => ({
    ...input,
    wanted: undefined,
    planned: false,
    former: undefined,
    failure: undefined,
    attempt: 0,
  }),
  initial: "undecided",
  on: {
    "address.take": {
      guard: ({ context }) => context.wanted !== true,
      target: ".taking",
      actions: { type: "want" },
    },
    "address.leave": [
      { guard: "leavesInTime" },
      { target: ".leaving", actions: { type: "leave" } },
    ],
    "address.changed": { target: ".changing", actions: { type: "change" } },
    stop: { target: ".ending" },
  },
  states: {
    undecided: {
      description:
        "The active path is not known: an address that an earlier process added stays as it is.",
    },
    changing: {
      description: "Another address was declared; the former one leaves.",
      invoke: {
        id: "leave",
        src: "leave",
        input: ({ context }) => ({
          ...(context.former ?? orderOf({ context })),
          planned: false,
        }),
        onDone: { target: "deciding", actions: assign({ former: undefined }) },
        // It is removed at the next start of the agent.
        onError: { target: "deciding", actions: assign({ former: undefined }) },
      },
    },
    deciding: {
      always: [
        { guard: "wanted", target: "taking" },
        { guard: "unwanted", target: "leaving" },
        { target: "undecided" },
      ],
    },
    taking: {
      description: "The active path is here: the node gets the address and announces it.",
      invoke: {
        id: "hold",
        src: "hold",
        input: orderOf,
        onDone: {
          target: "held.announcing",
          actions: [{ type: "forgetFailure" }, { type: "reportHeld" }],
        },
        onError: { target: "refused", actions: [noteFailure, { type: "reportRefused" }] },
      },
    },
    refused: {
      description: "The node cannot have the address; the failure says why.",
      after: { retry: "taking" },
    },
    held: {
      description: "The node has the address.",
      initial: "announcing",
      on: { "address.announce": { target: "held.announcing", reenter: true } },
      states: {
        announcing: {
          description: "Routers and hosts of the link learn the address of the node.",
          invoke: { id: "announce", src: "announce", input: orderOf },
          after: { check: "checking" },
        },
        quiet: { after: { check: "checking" } },
        checking: {
          description: "Another program may have removed the address.",
          invoke: {
            id: "hold",
            src: "hold",
            input: orderOf,
            onDone: [
              {
                guard: { type: "added", params: ({ event }) => event.output },
                target: "announcing",
              },
              { target: "quiet" },
            ],
            onError: {
              target: "#floating.refused",
              actions: [noteFailure, { type: "reportRefused" }],
            },
          },
        },
      },
    },
    leaving: {
      description: "The active path is elsewhere: the node gives the address up.",
      invoke: {
        id: "leave",
        src: "leave",
        input: leaveOrderOf,
        onDone: { target: "left", actions: [{ type: "forgetFailure" }, { type: "reportLeft" }] },
        onError: { target: "stuck", actions: [noteFailure, { type: "reportLeft" }] },
      },
    },
    stuck: {
      description: "The kernel did not remove the address; it is tried again.",
      after: { retry: "leaving" },
    },
    left: { description: "Another node has the address." },
    ending: {
      description: "The address is not declared any more.",
      on: { "*": {} },
      invoke: {
        id: "leave",
        src: "leave",
        input: ({ context }) => ({ ...orderOf({ context }), planned: context.wanted === true }),
        onDone: "gone",
        // It is removed at the next start of the agent.
        onError: "gone",
      },
    },
    gone: { type: "final" },
  },
});
