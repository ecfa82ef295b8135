import { not } from "xstate";
import { surplusSas } from "../../model/charon/surplus-sas.ts";
import { connectionSetup } from "./connection-setup.ts";

/** The state of a connection that has two IKE SAs for the same traffic. */
export const doubled = connectionSetup.createStateConfig({
  description:
    "There is more than one IKE SA for the same traffic, as after a restart of the peer: ipman ends the older ones, unless charon or the peer does so first.",
  tags: "established",
  on: { "configuration.lost": { guard: "loadable", target: "#connection.restoring" } },
  always: { guard: not("established"), target: "#connection.negotiating" },
  initial: "settling",
  states: {
    settling: {
      description: "A rekey, a reauthentication or the peer may end the older SA at any moment.",
      always: [
        { guard: "outdated", target: "#connection.replacing" },
        { guard: not("doubled"), target: "#connection.established" },
      ],
      after: { surplusSettle: "ending" },
    },
    ending: {
      entry: {
        type: "recur",
        params: { state: "doubled", cause: "the peer establishes the same SAs several times" },
      },
      invoke: {
        id: "terminateIke",
        src: "terminateIke",
        input: ({ context }) => ({ uniqueIds: surplusSas(context.ikeSas) }),
        onDone: { target: "#connection.established", actions: { type: "wantList" } },
        // The next list has the SAs that still exist.
        onError: { target: "#connection.established", actions: { type: "wantList" } },
      },
    },
  },
});
