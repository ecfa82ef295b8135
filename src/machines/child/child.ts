import { and, assign, type ActorRefFrom, type SnapshotFrom } from "xstate";
import { awaitingPeer, missingSets } from "./child-facts.ts";
import { childSetup } from "./child-setup.ts";
import { terminating } from "./child-terminating.ts";
import { closed, isUnexplained, noAnswer } from "./child-failures.ts";
import { rekeying } from "./child-rekeying.ts";
import { failureOf } from "../common/failure-of.ts";
import { noRecurrence } from "../common/recurrence.ts";

/** The CHILD SAs of one child by one path. */
export const childMachine = childSetup.createMachine({
  id: "child",
  context: ({ input }) => ({
    ...input,
    loadedSince: false,
    sas: [],
    replaced: [],
    busy: false,
    failure: undefined,
    hint: undefined,
    attempt: 0,
    lasted: false,
    calm: false,
    rekeyRefusal: undefined,
    settled: false,
    tunnel: undefined,
    recurrence: noRecurrence,
    tried: [],
  }),
  initial: "pending",
  on: {
    "connection.loaded": { actions: { type: "takeLoaded" } },
    "connection.unloaded": {
      target: ".pending",
      actions: assign({ loaded: false, sas: [], busy: false }),
    },
    "child.changed": [
      {
        guard: ({ event, context }) => event.replaces && context.sas.length > 0,
        target: ".replacing",
        actions: [
          { type: "takeDeclaration" },
          { type: "replaceAll" },
          assign({ attempt: 0, failure: undefined, recurrence: noRecurrence }),
        ],
      },
      {
        actions: { type: "takeDeclaration" },
      },
    ],
    "sas.listed": { actions: { type: "takeList" } },
    stop: ".terminating",
  },
  states: {
    pending: {
      description: "charon does not have the connection yet.",
      tags: "pending",
      entry: [{ type: "reportTunnel" }, { type: "reportDown", params: { failed: false } }],
      always: [
        { guard: "installed", target: "established" },
        { guard: "loaded", target: "negotiating" },
      ],
    },
    negotiating: {
      description: "charon or the peer is to bring up the CHILD SA.",
      tags: "negotiating",
      initial: "deciding",
      entry: { type: "reportDown", params: { failed: false } },
      on: {
        "sas.listed": [{ actions: { type: "takeList" }, target: ".judging" }],
      },
      after: { slow: { actions: assign({ lasted: true }) } },
      states: {
        deciding: {
          always: [{ guard: "initiates", target: "initiating" }, { target: "listening" }],
        },
        initiating: {
          description: "charon gets the command to bring up the CHILD SA.",
          entry: assign({
            hint: undefined,
            busy: true,
            loadedSince: false,
            lasted: false,
            calm: false,
          }),
          invoke: {
            id: "initiate",
            src: "initiate",
            input: ({ context }) => ({
              connectionName: context.connection.name,
              names: missingSets(context).map(({ name }) => name),
            }),
            onDone: [{ guard: "hinted", target: "hinted" }, { target: "waiting" }],
            onError: [
              {
                guard: ({ context, event }) =>
                  context.hint !== undefined && isUnexplained(event.error),
                target: "#child.failed",
                actions: { type: "note", params: ({ context }) => ({ failure: context.hint }) },
              },
              { guard: ({ event }) => isUnexplained(event.error), target: "unexplained" },
              {
                target: "#child.failed",
                actions: {
                  type: "note",
                  params: ({ event }) => ({ failure: failureOf(event.error) }),
                },
              },
            ],
          },
          on: {
            "sas.listed": { actions: { type: "takeList" } },
            // A notify of the peer may arrive before charon's answer.
            "peer.notified": { guard: "refuses", actions: { type: "takeHint" } },
          },
        },
        waiting: {
          description: "charon negotiates with the peer, or waits for its answer.",
          on: {
            "peer.notified": [
              { guard: "refuses", target: "hinted", actions: { type: "takeHint" } },
              { actions: { type: "takePassing" } },
            ],
          },
          after: { check: { target: "waiting", reenter: true, actions: { type: "listSas" } } },
        },
        hinted: {
          description: "The peer refused something; the next list of SAs shows the result.",
          on: { "peer.notified": { actions: { type: "takeAnswer" } } },
          after: { hintSettle: { target: "waiting", actions: { type: "listSas" } } },
        },
        yielding: {
          description:
            "charon re-establishes the IKE SA by itself, as in a reauthentication; the child initiates only if that fails.",
          on: {
            "sas.listed": { actions: { type: "takeList" }, target: "yielded" },
          },
          after: { check: { target: "yielding", reenter: true, actions: { type: "listSas" } } },
        },
        yielded: {
          always: [
            { guard: "installed", target: "#child.established" },
            { guard: "attemptOver", target: "#child.negotiating", reenter: true },
            { target: "yielding" },
          ],
        },
        listening: {
          description: "Waiting for the peer or for traffic to bring up the CHILD SA.",
          entry: {
            type: "note",
            params: ({ context }) => ({ failure: context.hint ?? awaitingPeer(context.child) }),
          },
          always: {
            guard: "installed",
            target: "#child.established",
            actions: { type: "acceptNarrowed" },
          },
          on: {
            // There was no attempt that a list could end.
            "sas.listed": { actions: { type: "takeList" } },
            "peer.notified": { guard: "refuses", actions: { type: "takeHint" } },
            // Another declaration may have the child initiate.
            "connection.loaded": { target: "deciding", actions: { type: "takeLoaded" } },
          },
          after: {
            check: {
              guard: "polls",
              target: "listening",
              reenter: true,
              actions: { type: "listSas" },
            },
          },
        },
        judging: {
          always: [
            {
              guard: "installed",
              target: "#child.established",
              actions: { type: "acceptNarrowed" },
            },
            { guard: ({ context }) => !context.child.initiates, target: "listening" },
            {
              guard: and(["attemptOver", "hinted"]),
              target: "#child.failed",
              actions: {
                type: "noteMissing",
                params: ({ context }) => ({ failure: context.hint }),
              },
            },
            { guard: "attemptOver", target: "unexplained" },
            { target: "waiting" },
          ],
        },
        unexplained: {
          description:
            "The attempt ended without an SA. charon's log runs in another thread and may give the reason after the list.",
          always: {
            guard: "installed",
            target: "#child.established",
            actions: { type: "acceptNarrowed" },
          },
          on: {
            "sas.listed": { actions: { type: "takeList" } },
            "peer.notified": {
              target: "#child.failed",
              actions: { type: "noteMissing", params: ({ event }) => ({ failure: event.failure }) },
            },
          },
          after: {
            hintSettle: {
              target: "#child.failed",
              actions: { type: "noteMissing", params: { failure: noAnswer } },
            },
          },
        },
      },
    },
    established: {
      description:
        "The CHILD SA carries traffic; if it does not match the manifest, the failure says how.",
      tags: "established",
      entry: [
        assign({ hint: undefined, settled: false }),
        { type: "noteDifference" },
        { type: "reportTunnel" },
        { type: "reportUp" },
      ],
      always: [
        {
          guard: "repairable",
          target: "replacing",
          actions: [{ type: "noteRepair" }, { type: "replaceDiffering" }],
        },
        { guard: "rekeying", target: "rekeying" },
        { guard: "incomplete", target: "closed" },
      ],
      on: {
        rekey: "rekeying",
        "rekey.refused": {
          actions: [{ type: "takeRefusedRekey" }, { type: "noteDifference" }],
        },
        "sas.listed": {
          actions: [{ type: "takeList" }, { type: "noteDifference" }, { type: "reportTunnel" }],
        },
      },
      after: {
        calm: { guard: "calmable", actions: { type: "calm" } },
        steady: { actions: { type: "settle" } },
        check: { actions: assign({ settled: true }) },
      },
    },
    rekeying,
    closed: {
      description: "The CHILD SA ended without a command from ipman.",
      tags: "negotiating",
      entry: [
        { type: "note", params: { failure: closed } },
        {
          type: "recur",
          params: { state: "closed", cause: "the peer or an administrator closes the SA" },
        },
        { type: "reportTunnel" },
        { type: "reportDown", params: { failed: false } },
      ],
      always: [
        { guard: "looping", target: "failed", actions: { type: "noteLoop" } },
        { guard: "exhausted", target: "failed" },
        { guard: "yields", target: "negotiating.yielding" },
        { guard: "loaded", target: "negotiating" },
        // The connection says why charon does not have it.
        { target: "pending", actions: { type: "note", params: { failure: undefined } } },
      ],
    },
    replacing: {
      description:
        "The CHILD SA does not match the manifest: ipman replaces it, once for each difference.",
      tags: "negotiating",
      invoke: {
        id: "terminate",
        src: "terminate",
        input: ({ context }) => ({ uniqueIds: context.replaced }),
        onDone: {
          target: "pending",
          actions: [{ type: "forgetReplaced" }, assign({ busy: false })],
        },
        onError: {
          target: "failed",
          actions: [
            { type: "forgetRepair" },
            { type: "forgetReplaced" },
            { type: "note", params: ({ event }) => ({ failure: failureOf(event.error) }) },
          ],
        },
      },
      on: { "sas.listed": {} },
    },
    failed: {
      description:
        "The last attempt failed; the failure says why, and whether a retry follows soon.",
      tags: "failed",
      entry: [
        assign({ attempt: ({ context }) => context.attempt + 1 }),
        { type: "reportDown", params: { failed: true } },
      ],
      initial: "deciding",
      on: {
        "connection.loaded": {
          target: "negotiating",
          actions: { type: "takeLoaded" },
        },
        "child.changed": {
          target: "pending",
          actions: [{ type: "takeDeclaration" }, assign({ attempt: 0, recurrence: noRecurrence })],
        },
        "sas.listed": { actions: { type: "takeList" } },
      },
      always: { guard: "installed", target: "established" },
      states: {
        deciding: { always: [{ guard: "stalled", target: "stalled" }, { target: "retrying" }] },
        retrying: { after: { backoff: "#child.negotiating" } },
        stalled: {
          description:
            "Only a change of the spec, the secret or the peer helps. The peer does not report its changes, so the child retries about once a minute.",
          after: { stalledRetry: "#child.negotiating" },
        },
      },
    },
    terminating,
    gone: { type: "final", tags: "terminating" },
  },
});

/** The actor of a child. */
export type ChildActor = ActorRefFrom<typeof childMachine>;

export type ChildSnapshot = SnapshotFrom<typeof childMachine>;
