import { assign } from "xstate";
import { pathSetup } from "./path-setup.ts";

/** A path without SAs whose connection charon has lost loads that after a pause. */
export const loss = {
  "configuration.lost": {
    guard: "loadable",
    target: "#path.failed",
    actions: { type: "noteLoss" },
  },
} as const;

/** The state of a path after a command or an attempt that failed. */
export const failed = pathSetup.createStateConfig({
  description: "charon or the peer rejected the connection; the failure says why.",
  tags: "failed",
  entry: [assign({ attempt: ({ context }) => context.attempt + 1 }), { type: "reportFailure" }],
  initial: "deciding",
  states: {
    deciding: { always: [{ guard: "stalled", target: "rejected" }, { target: "retrying" }] },
    retrying: {
      description:
        "A command to charon failed, or charon lost the connection; the connection retries.",
      after: { backoff: "#path.pending" },
    },
    halted: {
      description: "charon does not have the connection, so that it makes no IKE SAs.",
      after: { halt: "#path.pending" },
    },
    rejected: {
      description: "charon rejected the configuration: only another spec or another charon helps.",
    },
    undialled: {
      description: "The path stands by without an IKE SA; charon dials again after a pause.",
      on: loss,
      // A failed attempt of the peer does not end the pause.
      always: { guard: "established", target: "#path.established" },
      after: { redial: "#path.dialling.choosing" },
    },
    refused: {
      description: "The peer refused. The children retry about once a minute.",
      on: loss,
      always: [
        { guard: "established", target: "#path.established" },
        {
          guard: ({ context }) => context.ikeSas.length > 0,
          target: "#path.negotiating",
        },
      ],
    },
  },
});
