import { and, assign, enqueueActions, sendParent, sendTo, setup } from "xstate";
import { failure, Reason, type Failure } from "../model/failure.ts";
import { isInstalled, isRekeying } from "../model/sa.ts";
import { childSaDrifted } from "../model/sa-drift.ts";
import { backoffMs } from "./backoff.ts";
import { isBusy, orderOf, tunnelOf } from "./child-facts.ts";
import type { ChildContext, ChildEvent, ChildInput, ChildOrder } from "./child-types.ts";
import { failureOf } from "./failure-of.ts";
import { gatewayMachine } from "./gateway.ts";
import { notProvided } from "./not-provided.ts";

const noAnswer = failure(
  Reason.NegotiationFailed,
  "no CHILD SA came about, and neither charon nor the peer said why",
);

/** One child of a connection: its CHILD SA and its gateway. */
export const childMachine = setup({
  types: {} as { context: ChildContext; events: ChildEvent; input: ChildInput },
  actors: {
    gateway: gatewayMachine,
    /** Orders the CHILD SA and does not wait for it. */
    initiate: notProvided<void, ChildOrder>("initiate"),
    /** Ends CHILD SAs by their unique ids. */
    terminate: notProvided<void, { readonly uniqueIds: readonly string[] }>("terminate"),
    /** Orders a rekey and does not wait for it. */
    rekey: notProvided<void, { readonly uniqueIds: readonly string[] }>("rekey"),
    /** Removes the gateway and what it holds. */
    removeGateway: notProvided<void, ChildOrder & { readonly connectionId: string }>(
      "removeGateway",
    ),
  },
  actions: {
    listSas: sendParent({ type: "sas.wanted" }),
    note: assign((_, params: { failure: Failure | undefined }) => ({ failure: params.failure })),
    tellGateway: enqueueActions(({ enqueue, context }) => {
      // While there is no SA, the last one is the best guess at the next.
      const sa = context.sas.at(-1);
      const tunnel = sa && tunnelOf(sa);
      if (tunnel !== undefined) enqueue.sendTo("gateway", { type: "tunnel.changed", tunnel });
    }),
    takeHint: assign(({ event }) =>
      event.type === "peer.notified" ? { hint: event.failure, failure: event.failure } : {},
    ),
    takeList: assign(({ context, event }) => {
      if (event.type !== "sas.listed") return {};
      const children = event.ikeSas.flatMap((sa) => sa.children);
      const own = children.filter((sa) => sa.name === context.child.key);
      return { sas: own.filter(isInstalled), busy: isBusy(event.ikeSas, own) };
    }),
  },
  guards: {
    installed: ({ context }) => context.sas.length > 0,
    drifted: ({ context }) => context.sas.some((sa) => childSaDrifted(sa, context.child)),
    rekeying: ({ context }) => context.sas.some(isRekeying),
    loaded: ({ context }) => context.loaded,
    hinted: ({ context }) => context.hint !== undefined,
    /** charon is at work by itself: an order now would be in its way. */
    yields: ({ context }) => context.loaded && context.busy,
    initiates: ({ context }) => context.child.initiates,
    attemptOver: ({ context }) => context.sas.length === 0 && !context.busy,
    stalled: ({ context }) => context.failure?.retryable === false && !context.loadedSince,
  },
  delays: {
    backoff: ({ context }) => backoffMs(context.attempt),
    check: 2_000,
    hintSettle: 200,
    stalledRetry: () => 45_000 + Math.random() * 30_000,
    rekeyDeadline: 60_000,
  },
}).createMachine({
  id: "child",
  context: ({ input }) => ({
    ...input,
    loadedSince: false,
    sas: [],
    busy: false,
    failure: undefined,
    hint: undefined,
    attempt: 0,
  }),
  invoke: {
    id: "gateway",
    src: "gateway",
    // Without a handler for its errors: should it break down, the child is made anew with it.
    input: ({ context }) => ({ connectionId: context.connectionId, child: context.child }),
  },
  initial: "pending",
  on: {
    "endpoints.changed": { actions: sendTo("gateway", ({ event }) => event) },
    "connection.loaded": { actions: assign({ loaded: true, loadedSince: true }) },
    "connection.unloaded": {
      target: ".pending",
      actions: assign({ loaded: false, sas: [], busy: false }),
    },
    "child.changed": [
      {
        guard: ({ event, context }) => event.replaces && context.sas.length > 0,
        target: ".replacing",
        actions: [
          assign({ child: ({ event }) => event.child, attempt: 0, failure: undefined }),
          sendTo("gateway", ({ event }) => ({ type: "child.changed", child: event.child })),
        ],
      },
      {
        actions: [
          assign({ child: ({ event }) => event.child }),
          sendTo("gateway", ({ event }) => ({ type: "child.changed", child: event.child })),
        ],
      },
    ],
    "sas.listed": { actions: { type: "takeList" } },
    stop: ".terminating",
  },
  states: {
    pending: {
      description: "The connection is not in charon yet.",
      entry: [{ type: "tellGateway" }],
      always: [
        { guard: "installed", target: "established" },
        { guard: "loaded", target: "negotiating" },
      ],
    },
    negotiating: {
      description: "A CHILD SA has been ordered, or the peer is to order it.",
      initial: "deciding",
      on: {
        "sas.listed": [{ actions: { type: "takeList" }, target: ".judging" }],
      },
      states: {
        deciding: {
          always: [{ guard: "initiates", target: "initiating" }, { target: "listening" }],
        },
        initiating: {
          description: "charon is told to bring the CHILD SA up.",
          entry: assign({ hint: undefined, busy: true, loadedSince: false }),
          invoke: {
            id: "initiate",
            src: "initiate",
            input: ({ context }) => orderOf(context),
            onDone: [{ guard: "hinted", target: "hinted" }, { target: "waiting" }],
            onError: {
              target: "#child.failed",
              actions: [
                { type: "note", params: ({ event }) => ({ failure: failureOf(event.error) }) },
              ],
            },
          },
          on: {
            "sas.listed": { actions: { type: "takeList" } },
            // The peer may be faster than charon's own answer.
            "peer.notified": { actions: { type: "takeHint" } },
          },
        },
        waiting: {
          description: "charon and the peer are talking, or charon waits for an answer.",
          on: {
            "peer.notified": { target: "hinted", actions: { type: "takeHint" } },
          },
          after: { check: { target: "waiting", reenter: true, actions: { type: "listSas" } } },
        },
        hinted: {
          description: "The peer said no to something; the list tells what came of it.",
          on: { "peer.notified": {} },
          after: { hintSettle: { target: "waiting", actions: { type: "listSas" } } },
        },
        yielding: {
          description:
            "charon makes the IKE SA anew by itself, as in a reauthentication; it is ordered to only where nothing comes of that.",
          on: {
            "sas.listed": { actions: { type: "takeList" }, target: "yielded" },
          },
          after: { check: { target: "yielding", reenter: true, actions: { type: "listSas" } } },
        },
        yielded: {
          always: [
            { guard: "installed", target: "#child.established" },
            { guard: "attemptOver", target: "deciding" },
            { target: "yielding" },
          ],
        },
        listening: {
          description: "The peer, or traffic, is to bring the CHILD SA up.",
          after: { check: { target: "listening", reenter: true, actions: { type: "listSas" } } },
        },
        judging: {
          always: [
            { guard: "installed", target: "#child.established" },
            { guard: ({ context }) => !context.child.initiates, target: "listening" },
            {
              guard: and(["attemptOver", "hinted"]),
              target: "#child.failed",
              actions: { type: "note", params: ({ context }) => ({ failure: context.hint }) },
            },
            { guard: "attemptOver", target: "unexplained" },
            { target: "waiting" },
          ],
        },
        unexplained: {
          description:
            "Nothing came about. charon's log has a thread of its own, and may come to why after the list.",
          always: { guard: "installed", target: "#child.established" },
          on: {
            "sas.listed": { actions: { type: "takeList" } },
            "peer.notified": { target: "#child.failed", actions: { type: "takeHint" } },
          },
          after: {
            hintSettle: {
              target: "#child.failed",
              actions: { type: "note", params: { failure: noAnswer } },
            },
          },
        },
      },
    },
    established: {
      description: "The CHILD SA carries traffic.",
      entry: [assign({ failure: undefined, hint: undefined, attempt: 0 }), { type: "tellGateway" }],
      always: [
        { guard: "drifted", target: "replacing" },
        { guard: "rekeying", target: "rekeying" },
        { guard: ({ context }) => context.sas.length === 0, target: "closed" },
      ],
      on: {
        rekey: "rekeying",
        "sas.listed": { actions: [{ type: "takeList" }, { type: "tellGateway" }] },
      },
    },
    rekeying: {
      description:
        "A new CHILD SA is taking the place of the old one, which still carries traffic.",
      invoke: {
        id: "rekey",
        src: "rekey",
        input: ({ context, event }) => ({
          uniqueIds: event.type === "rekey" ? context.sas.map((sa) => sa.uniqueId) : [],
        }),
        onError: "established",
      },
      on: {
        "sas.listed": [{ actions: [{ type: "takeList" }], target: ".judging" }],
        "peer.notified": { actions: { type: "takeHint" } },
      },
      initial: "waiting",
      states: {
        waiting: {
          after: { check: { target: "waiting", reenter: true, actions: { type: "listSas" } } },
        },
        judging: {
          always: [
            { guard: ({ context }) => context.sas.length === 0, target: "#child.closed" },
            { guard: "rekeying", target: "waiting" },
            { target: "#child.established" },
          ],
        },
      },
      after: {
        rekeyDeadline: {
          target: "replacing",
          actions: {
            type: "note",
            params: {
              failure: failure(
                Reason.RekeyOverdue,
                "a rekey did not come to an end; the child is brought up anew",
              ),
            },
          },
        },
      },
    },
    closed: {
      description: "The CHILD SA ended, and nobody here had ordered that.",
      entry: [
        assign({
          failure: failure(Reason.PeerClosed, "the CHILD SA was closed; it is brought up again"),
        }),
        { type: "tellGateway" },
      ],
      always: [
        { guard: "yields", target: "negotiating.yielding" },
        { guard: "loaded", target: "negotiating" },
        { target: "pending" },
      ],
    },
    replacing: {
      description: "The CHILD SA is not what is declared: it ends, and a new one follows.",
      invoke: {
        id: "terminate",
        src: "terminate",
        input: ({ context }) => ({ uniqueIds: context.sas.map((sa) => sa.uniqueId) }),
        onDone: { target: "pending", actions: assign({ sas: [], busy: false }) },
        onError: {
          target: "failed",
          actions: [
            assign({ sas: [] }),
            { type: "note", params: ({ event }) => ({ failure: failureOf(event.error) }) },
          ],
        },
      },
      on: { "sas.listed": {} },
    },
    failed: {
      description:
        "The last attempt failed; the failure says why, and whether it is soon tried again.",
      entry: assign({ attempt: ({ context }) => context.attempt + 1 }),
      initial: "deciding",
      on: {
        "connection.loaded": {
          target: "negotiating",
          actions: assign({ loaded: true, loadedSince: true, attempt: 0 }),
        },
        "child.changed": {
          target: "pending",
          actions: [
            assign({ child: ({ event }) => event.child, attempt: 0 }),
            sendTo("gateway", ({ event }) => ({ type: "child.changed", child: event.child })),
          ],
        },
        "sas.listed": { actions: { type: "takeList" } },
      },
      always: { guard: "installed", target: "established" },
      states: {
        deciding: { always: [{ guard: "stalled", target: "stalled" }, { target: "retrying" }] },
        retrying: { after: { backoff: "#child.negotiating" } },
        stalled: {
          description:
            "Only a change of the spec, the secret or the peer helps. The last is not told, so it is looked for now and then.",
          after: { stalledRetry: "#child.negotiating" },
        },
      },
    },
    terminating: {
      description: "The child was taken out of the spec: SA and gateway go.",
      initial: "closing",
      on: { "*": {} },
      states: {
        closing: {
          invoke: {
            id: "terminate",
            src: "terminate",
            input: ({ context }) => ({ uniqueIds: context.sas.map((sa) => sa.uniqueId) }),
            onDone: "removing",
            // An SA that cannot be ended now is found by the next list, and ended there.
            onError: "removing",
          },
        },
        removing: {
          invoke: {
            id: "removeGateway",
            src: "removeGateway",
            input: ({ context }) => ({ ...orderOf(context), connectionId: context.connectionId }),
            onDone: "#child.gone",
            onError: "#child.gone",
          },
        },
      },
    },
    gone: { type: "final" },
  },
});
