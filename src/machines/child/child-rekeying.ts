import { rekeyOverdue } from "./child-failures.ts";
import { childSetup } from "./child-setup.ts";

/** A rekey of the CHILD SA. */
export const rekeying = childSetup.createStateConfig({
  description: "A new CHILD SA replaces the old one, which still carries traffic.",
  tags: "rekeying",
  invoke: {
    id: "rekey",
    src: "rekey",
    input: ({ context, event }) => ({
      uniqueIds: event.type === "rekey" ? context.sas.map((sa) => sa.uniqueId) : [],
    }),
    onError: "#child.established",
  },
  on: {
    "sas.listed": [{ actions: [{ type: "takeList" }], target: ".judging" }],
    "peer.notified": { guard: "refuses", actions: { type: "takeHint" } },
    "rekey.refused": { actions: { type: "takeRefusedRekey" } },
  },
  initial: "waiting",
  states: {
    waiting: {
      after: { check: { target: "waiting", reenter: true, actions: { type: "listSas" } } },
    },
    judging: {
      always: [
        { guard: "incomplete", target: "#child.closed" },
        { guard: "rekeying", target: "waiting" },
        { target: "#child.established" },
      ],
    },
  },
  after: {
    rekeyDeadline: {
      target: "#child.replacing",
      actions: [
        { type: "replaceDiffering" },
        { type: "note", params: { failure: rekeyOverdue } },
        { type: "recur", params: { state: "rekeying", cause: "no rekey completes" } },
      ],
    },
  },
});
