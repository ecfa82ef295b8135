import { assign, not, type ActorRefFrom, type SnapshotFrom } from "xstate";
import { failure, Reason } from "../../model/status/failure.ts";
import { isRekeying } from "../../model/charon/sa.ts";
import { missingOf, outdatedSas, overdueSas } from "./path-facts.ts";
import { pathSetup } from "./path-setup.ts";
import { endedIke } from "./childless.ts";
import { dialling } from "./dialling.ts";
import { doubled } from "./doubled.ts";
import { failed, loss } from "./failed.ts";
import { halting, hasty, hastyFailure, isHastyLoop } from "./halting.ts";
import { moving } from "./moving.ts";
import { polling } from "./polling.ts";
import { restoring } from "./restoring.ts";
import { failureOf } from "../common/failure-of.ts";
import { noRecurrence } from "../common/recurrence.ts";

const rekeyOverdue = failure(
  Reason.RekeyOverdue,
  "a rekey of the IKE SA did not complete; ipman brings it up again",
);
const brokenDown = failure(
  Reason.Internal,
  "an exception stopped the actor of a child, which restarts",
);

const ofHaste = { state: hasty, cause: "the peer announces a short lifetime" };

/** One path of a connection: its IKE SA, and its children as actors. */
export const pathMachine = pathSetup.createMachine({
  id: "path",
  context: ({ input }) => ({
    ...input,
    keyToWithdraw: input.keyFailure !== undefined,
    ikeSas: [],
    failure: undefined,
    attempt: 0,
    rekeyRefusal: undefined,
    pathMissing: false,
    outdated: [],
    purges: false,
    omitted: undefined,
    running: [],
    carrying: [],
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
    "sas.listed": { actions: [{ type: "takeList" }, { type: "forward" }] },
    "sas.wanted": { actions: { type: "wantList" } },
    "peer.notified": { actions: { type: "forward" } },
    "rekey.refused": { actions: { type: "takeRefusedRekey" } },
    "lifetime.hasty": [
      {
        guard: ({ context }) => isHastyLoop(context.recurrence),
        target: ".halting",
        actions: [
          { type: "recur", params: ofHaste },
          { type: "note", params: ({ event }) => ({ failure: hastyFailure(event.lifetime) }) },
        ],
      },
      { actions: { type: "recur", params: ofHaste } },
    ],
    "path.missing": { actions: [{ type: "missPath" }, { type: "wantList" }] },
    "tunnel.changed": { actions: { type: "passTunnel" } },
    "child.up": { guard: "reportIsNew", actions: { type: "takeReport" } },
    "child.down": { guard: "reportIsNew", actions: { type: "takeReport" } },
    "xstate.done.actor.child.*": {
      // Spawned again if it was declared again while it ended.
      actions: [{ type: "forgetChild" }, { type: "reportEnd" }],
      target: ".pending",
    },
    "xstate.error.actor.child.*": {
      actions: [
        { type: "forgetChild" },
        { type: "reportEnd" },
        { type: "note", params: { failure: brokenDown } },
        {
          type: "recur",
          params: { state: "failed", cause: "exceptions stop the actor of a child" },
        },
      ],
      target: ".failed",
    },
    "purge.ended": { actions: assign({ purges: false }) },
    attract: { actions: { type: "tellChildren", params: { type: "rekey" } } },
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
      description: "Something required is missing; the failure names it.",
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
      description:
        "A usable key is missing: ipman removes the previous one from charon. SAs stay up.",
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
      description: "charon gets the secret and the connection. Existing SAs stay up.",
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
        "IKE SAs that do not match the manifest are terminated, once for each difference; the children initiate new ones.",
      tags: "negotiating",
      entry: { type: "noteRepair" },
      invoke: {
        id: "terminateIke",
        src: "terminateIke",
        input: ({ context }) => ({ uniqueIds: outdatedSas(context) }),
        onDone: { target: "negotiating", actions: { type: "forgetOutdated" } },
        onError: {
          target: "negotiating",
          // Allows another attempt for SAs that were not terminated.
          actions: [{ type: "forgetOutdated" }, assign({ tried: [] })],
        },
      },
    },
    negotiating: {
      description: "The children have initiated their SAs; the IKE SA is not up yet.",
      tags: "negotiating",
      entry: { type: "wantList" },
      always: [
        { guard: "outdated", target: "replacing" },
        { guard: "established", target: "established" },
        { guard: "undialled", target: "dialling" },
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
            { type: "forward" },
          ],
        },
        ...loss,
      },
    },
    established: {
      description: "The IKE SA is up; if it does not match the manifest, the failure says how.",
      tags: "established",
      entry: { type: "noteDifference" },
      on: {
        "sas.listed": {
          actions: [{ type: "takeList" }, { type: "noteDifference" }, { type: "forward" }],
        },
        "rekey.refused": {
          actions: [{ type: "takeRefusedRekey" }, { type: "noteDifference" }],
        },
        "configuration.lost": { guard: "loadable", target: "restoring" },
      },
      after: { steady: { actions: { type: "settle" } } },
      always: [
        { guard: "outdated", target: "replacing" },
        {
          guard: "undialled",
          target: "dialling",
          actions: {
            type: "recur",
            params: endedIke,
          },
        },
        { guard: not("established"), target: "negotiating" },
        { guard: "rekeying", target: "rekeying" },
        { guard: "moving", target: "moving" },
        { guard: "doubled", target: "doubled" },
      ],
    },
    dialling,
    doubled,
    restoring,
    rekeying: {
      description: "A new IKE SA replaces the old one; the children stay up.",
      tags: "rekeying",
      on: { "configuration.lost": { guard: "loadable", target: "restoring" } },
      always: [
        { guard: not("established"), target: "negotiating" },
        { guard: not("rekeying"), target: "established" },
      ],
      ...polling,
      after: {
        rekeyDeadline: {
          target: "replacing",
          actions: [
            { type: "note", params: { failure: rekeyOverdue } },
            { type: "recur", params: { state: "rekeying", cause: "no rekey completes" } },
            assign({ outdated: ({ context }) => overdueSas(context, isRekeying) }),
          ],
        },
      },
    },
    moving,
    halting,
    failed,
    terminating: {
      description: "The connection was deleted: its SAs, secret and gateways are removed.",
      tags: "terminating",
      initial: "children",
      entry: { type: "tellChildren", params: { type: "stop" } },
      on: {
        "xstate.done.actor.child.*": { actions: [{ type: "forgetChild" }, { type: "reportEnd" }] },
        "xstate.error.actor.child.*": { actions: [{ type: "forgetChild" }, { type: "reportEnd" }] },
        "*": {},
      },
      states: {
        children: {
          description: "Each child terminates its SA and removes its gateway.",
          always: { guard: ({ context }) => context.running.length === 0, target: "unloading" },
        },
        unloading: {
          invoke: {
            id: "unload",
            src: "unload",
            input: ({ context }) => ({ connectionName: context.connection.name }),
            onDone: "#path.gone",
            // charon is not running; SAs that it leaves are pruned when it is back.
            onError: "#path.gone",
          },
        },
      },
    },
    gone: { type: "final", tags: "terminating" },
  },
});

/** The actor of a path. */
export type PathActor = ActorRefFrom<typeof pathMachine>;

export type PathSnapshot = SnapshotFrom<typeof pathMachine>;
