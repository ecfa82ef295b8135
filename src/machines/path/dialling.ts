import { failure, Reason, type Failure } from "../../model/status/failure.ts";
import { failureOf } from "../common/failure-of.ts";
import { lacksChildAlone, standbyLoop } from "./childless.ts";
import { loss } from "./failed.ts";
import { pathSetup } from "./path-setup.ts";

const noAnswer = failure(
  Reason.PeerUnreachable,
  "the peer did not make an IKE SA for this path, which stands by; ipman dials again",
);

const refused = failure(
  Reason.StandbyRefused,
  "the peer does not accept an IKE SA without a CHILD SA: set `standby` of this path to cold, or to hot if the peer routes its answers",
);

/** A peer that refuses is expected to refuse again: its failure stays during another attempt. */
function duringAttempt(known: Failure | undefined): Failure | undefined {
  return lacksChildAlone(known) ? known : undefined;
}

/** A peer calls an IKE SA without a CHILD SA malformed if it does not know them. */
function ofStandby(known: Failure): Failure {
  return known.reason === Reason.ProtocolError ? refused : known;
}

/** The state of a warm standby without an IKE SA. */
export const dialling = pathSetup.createStateConfig({
  description: "The path stands by without an IKE SA: charon makes one that has no CHILD SA.",
  tags: "negotiating",
  initial: "deciding",
  on: {
    "peer.notified": {
      actions: { type: "note", params: ({ event }) => ({ failure: ofStandby(event.failure) }) },
    },
    ...loss,
  },
  always: { guard: "established", target: "#path.established" },
  states: {
    deciding: {
      always: [
        {
          guard: "looping",
          target: "#path.failed.undialled",
          actions: {
            type: "note",
            params: ({ context }) => ({ failure: standbyLoop(context.recurrence) }),
          },
        },
        { target: "choosing" },
      ],
    },
    choosing: {
      description: "charon may end an IKE SA, or the peer may make one.",
      always: [
        { guard: ({ context }) => context.ikeSas.length > 0, target: "waiting" },
        { target: "initiating" },
      ],
    },
    initiating: {
      entry: {
        type: "note",
        params: ({ context }) => ({ failure: duringAttempt(context.failure) }),
      },
      invoke: {
        id: "initiateIke",
        src: "initiateIke",
        input: ({ context }) => ({ connectionName: context.connection.name }),
        onDone: { target: "waiting", actions: { type: "wantList" } },
        onError: {
          target: "#path.failed.undialled",
          actions: { type: "note", params: ({ event }) => ({ failure: failureOf(event.error) }) },
        },
      },
    },
    waiting: {
      description: "charon negotiates with the peer, waits for its answer, or ends an IKE SA.",
      on: {
        "sas.listed": { actions: [{ type: "takeList" }, { type: "forward" }], target: "judging" },
      },
      after: { slowCheck: { target: "waiting", reenter: true, actions: { type: "wantList" } } },
    },
    judging: {
      always: [
        { guard: ({ context }) => context.ikeSas.length > 0, target: "waiting" },
        { target: "ended" },
      ],
    },
    ended: {
      description:
        "The attempt ended. charon's log runs in another thread and may give the reason after the list.",
      after: {
        logSettle: {
          target: "#path.failed.undialled",
          actions: {
            type: "note",
            params: ({ context }) => ({ failure: context.failure ?? noAnswer }),
          },
        },
      },
    },
  },
});
