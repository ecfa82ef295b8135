import { assign, not, type ActorRefFrom, type SnapshotFrom } from "xstate";
import { failure, Reason } from "../../model/status/failure.ts";
import { isMoving, isRekeying } from "../../model/charon/sa.ts";
import { missingOf, outdatedSas, overdueSas } from "./connection-facts.ts";
import { connectionSetup } from "./connection-setup.ts";
import { failureOf } from "../common/failure-of.ts";
import { noRecurrence } from "../common/recurrence.ts";

const rekeyOverdue = failure(
  Reason.RekeyOverdue,
  "a rekey of the IKE SA did not come to an end; it is brought up anew",
);
const noPath = failure(
  Reason.PeerUnreachable,
  "the node has no path to the peer: check its addresses and routes; the IKE SA is brought up anew",
);
const noEnd = failure(
  Reason.PeerUnreachable,
  "the search for a path to the peer did not come to an end; the IKE SA is brought up anew",
);
const brokenDown = failure(
  Reason.Internal,
  "an exception broke a child's actor, which starts again",
);

/** Asks for the list again and again, since charon does not tell when it is done. */
const looking = connectionSetup.createStateConfig({
  initial: "waiting",
  states: {
    waiting: {
      after: { check: { target: "waiting", reenter: true, actions: { type: "wantList" } } },
    },
  },
});

/** One IPSecConnection: its IKE SA, and its children as actors. */
export const connectionMachine = connectionSetup.createMachine({
  id: "connection",
  context: ({ input }) => ({
    ...input,
    keyToWithdraw: input.keyFailure !== undefined,
    ikeSas: [],
    failure: undefined,
    attempt: 0,
    pathMissing: false,
    outdated: [],
    running: [],
    recurrence: noRecurrence,
    tried: [],
  }),
  initial: "pending",
  on: {
    "charon.ready": {
      actions: assign(({ context }) => ({
        charonReady: true,
        keyToWithdraw: context.keyToWithdraw || context.keyFailure !== undefined,
      })),
      target: ".pending",
    },
    "charon.lost": {
      actions: [
        assign({ charonReady: false, ikeSas: [], outdated: [] }),
        { type: "tellChildren", params: { type: "connection.unloaded" } },
      ],
      target: ".pending",
    },
    "secret.changed": {
      guard: "secretIsNew",
      actions: { type: "takeSecret" },
      target: ".pending",
    },
    "secret.missing": [
      { guard: "unreadable", actions: { type: "takeSecret" } },
      { guard: "secretWent", actions: { type: "takeSecret" }, target: ".withdrawing" },
    ],
    "secret.refused": {
      guard: "refusalIsNew",
      actions: { type: "takeSecret" },
      target: ".withdrawing",
    },
    "spec.changed": { actions: { type: "takeSpec" }, target: ".pending" },
    "sas.listed": { actions: [{ type: "takeList" }, { type: "passOn" }] },
    "sas.wanted": { actions: { type: "wantList" } },
    "peer.notified": { actions: { type: "passOn" } },
    "path.missing": { actions: { type: "missPath" } },
    "endpoints.changed": { actions: { type: "takeEndpoints" } },
    "xstate.done.actor.child.*": {
      // Spawned anew where it was declared again while it went.
      actions: { type: "forgetChild" },
      target: ".pending",
    },
    "xstate.error.actor.child.*": {
      actions: [
        { type: "forgetChild" },
        { type: "note", params: { failure: brokenDown } },
        { type: "recur", params: { state: "failed", cause: "a child's actor breaks down" } },
      ],
      target: ".failed",
    },
    restart: {
      actions: assign({
        outdated: ({ context }) => context.ikeSas.map((sa) => sa.uniqueId),
        failure: undefined,
        attempt: 0,
        recurrence: noRecurrence,
      }),
      target: ".pending",
    },
    delete: ".terminating",
  },
  states: {
    pending: {
      description: "Something it needs is missing; the failure names it.",
      tags: "pending",
      entry: { type: "spawnMissing" },
      always: [
        { guard: "loadable", target: "loading" },
        { guard: "keyToWithdraw", target: "withdrawing" },
        {
          guard: ({ context }) => context.failure !== missingOf(context),
          actions: { type: "note", params: ({ context }) => ({ failure: missingOf(context) }) },
        },
      ],
    },
    withdrawing: {
      description: "There is no key that can be used: charon loses the one it has. SAs go on.",
      tags: "pending",
      always: { guard: not("keyToWithdraw"), target: "pending" },
      invoke: {
        id: "withdrawKey",
        src: "withdrawKey",
        input: ({ context }) => ({ connectionName: context.connection.name }),
        onDone: [
          { guard: "established", target: "established", actions: { type: "noteWithdrawn" } },
          { target: "pending", actions: { type: "noteWithdrawn" } },
        ],
        onError: {
          target: "failed",
          actions: { type: "note", params: ({ event }) => ({ failure: failureOf(event.error) }) },
        },
      },
    },
    loading: {
      description: "charon is given the secret and the connection. SAs that exist go on.",
      tags: "pending",
      invoke: {
        id: "load",
        src: "load",
        input: ({ context }) => ({ connection: context.connection }),
        onDone: {
          target: "replacing",
          actions: { type: "takeLoaded", params: ({ event }) => event.output },
        },
        onError: {
          target: "failed",
          actions: { type: "note", params: ({ event }) => ({ failure: failureOf(event.error) }) },
        },
      },
    },
    replacing: {
      description:
        "IKE SAs that are not what is declared are ended, once for each difference; the children order new ones.",
      tags: "negotiating",
      entry: { type: "noteRepair" },
      invoke: {
        id: "terminateIke",
        src: "terminateIke",
        input: ({ context }) => ({ uniqueIds: outdatedSas(context) }),
        onDone: { target: "negotiating", actions: { type: "forgetOutdated" } },
        onError: {
          target: "negotiating",
          // What was not ended can be tried again.
          actions: [{ type: "forgetOutdated" }, assign({ tried: [] })],
        },
      },
    },
    negotiating: {
      description: "The children have ordered their SAs; there is no IKE SA yet.",
      tags: "negotiating",
      entry: { type: "wantList" },
      always: [
        { guard: "outdated", target: "replacing" },
        { guard: "established", target: "established" },
        {
          guard: "keyless",
          target: "pending",
          actions: { type: "tellChildren", params: { type: "connection.unloaded" } },
        },
        { guard: "refused", target: "failed.refused" },
      ],
      on: {
        "peer.notified": {
          actions: [
            { type: "note", params: ({ event }) => ({ failure: event.failure }) },
            { type: "passOn" },
          ],
        },
      },
    },
    established: {
      description: "The IKE SA is up; where it differs, the failure says in what.",
      tags: "established",
      entry: { type: "noteDifference" },
      on: {
        "sas.listed": {
          actions: [{ type: "takeList" }, { type: "noteDifference" }, { type: "passOn" }],
        },
      },
      after: { steady: { actions: { type: "settle" } } },
      always: [
        { guard: "outdated", target: "replacing" },
        { guard: not("established"), target: "negotiating" },
        { guard: "rekeying", target: "rekeying" },
        { guard: "moving", target: "moving" },
      ],
    },
    rekeying: {
      description: "A new IKE SA is taking the place of the old one; the children go on.",
      tags: "rekeying",
      always: [
        { guard: not("established"), target: "negotiating" },
        { guard: not("rekeying"), target: "established" },
      ],
      ...looking,
      after: {
        rekeyDeadline: {
          target: "replacing",
          actions: [
            { type: "note", params: { failure: rekeyOverdue } },
            { type: "recur", params: { state: "rekeying", cause: "no rekey came to an end" } },
            assign({ outdated: ({ context }) => overdueSas(context, isRekeying) }),
          ],
        },
      },
    },
    moving: {
      description:
        "MOBIKE looks for a path, or whether there is one still; the children go on as they can.",
      tags: "established",
      on: {
        "path.missing": {
          target: "moving",
          reenter: true,
          actions: { type: "missPath" },
        },
      },
      always: [
        { guard: not("established"), target: "negotiating" },
        { guard: not("moving"), target: "established" },
      ],
      ...looking,
      after: {
        moveDeadline: {
          target: "replacing",
          actions: [
            {
              type: "note",
              params: ({ context }) => ({ failure: context.pathMissing ? noPath : noEnd }),
            },
            { type: "recur", params: { state: "moving", cause: "no path to the peer is found" } },
            assign({ outdated: ({ context }) => overdueSas(context, isMoving) }),
          ],
        },
      },
    },
    failed: {
      description:
        "charon does not take the connection, or the peer does not; the failure says why.",
      tags: "failed",
      entry: assign({ attempt: ({ context }) => context.attempt + 1 }),
      initial: "deciding",
      states: {
        deciding: { always: [{ guard: "stalled", target: "rejected" }, { target: "retrying" }] },
        retrying: {
          description: "charon could not be told; it is tried again.",
          after: { backoff: "#connection.pending" },
        },
        rejected: {
          description:
            "charon refused the configuration: only another spec, or another charon, helps.",
        },
        refused: {
          description: "The peer refused. The children try again now and then.",
          always: [
            { guard: "established", target: "#connection.established" },
            {
              guard: ({ context }) => context.ikeSas.length > 0,
              target: "#connection.negotiating",
            },
          ],
        },
      },
    },
    terminating: {
      description: "The connection was deleted: SAs, secret and gateways go.",
      tags: "terminating",
      initial: "children",
      entry: { type: "tellChildren", params: { type: "stop" } },
      on: {
        "xstate.done.actor.child.*": { actions: { type: "forgetChild" } },
        "xstate.error.actor.child.*": { actions: { type: "forgetChild" } },
        "*": {},
      },
      states: {
        children: {
          description: "Each child ends its SA and its gateway.",
          always: { guard: ({ context }) => context.running.length === 0, target: "unloading" },
        },
        unloading: {
          invoke: {
            id: "unload",
            src: "unload",
            input: ({ context }) => ({ connectionName: context.connection.name }),
            onDone: "#connection.gone",
            // charon is away, and its SAs with it; what it keeps is pruned when it is back.
            onError: "#connection.gone",
          },
        },
      },
    },
    gone: { type: "final", tags: "terminating" },
  },
});

/** The actor of a connection. */
export type ConnectionActor = ActorRefFrom<typeof connectionMachine>;

export type ConnectionSnapshot = SnapshotFrom<typeof connectionMachine>;
