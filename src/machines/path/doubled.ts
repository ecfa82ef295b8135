import { not } from "xstate";
import { surplusSas } from "../../model/charon/surplus-sas.ts";
import { pathSetup } from "./path-setup.ts";

/** The state of a path that has two IKE SAs or two CHILD SAs for the same traffic. */
export const doubled = pathSetup.createStateConfig({
  description:
    "There is more than one IKE SA or CHILD SA for the same traffic, as after a restart of the peer: ipman ends the older ones, unless charon or the peer does so first.",
  tags: "established",
  on: { "configuration.lost": { guard: "loadable", target: "#path.restoring" } },
  always: { guard: not("established"), target: "#path.negotiating" },
  initial: "settling",
  states: {
    settling: {
      description: "A rekey, a reauthentication or the peer may end the older SA at any moment.",
      always: [
        { guard: "outdated", target: "#path.replacing" },
        { guard: not("doubled"), target: "#path.established" },
        { guard: "crowded", target: "crowded" },
      ],
      after: { surplusSettle: "ending" },
    },
    crowded: {
      description:
        "There are more than two, as where both sides reauthenticate at the same times, which doubles the SAs each time: ipman ends the older ones before the next time.",
      always: [
        { guard: "outdated", target: "#path.replacing" },
        { guard: not("crowded"), target: "settling" },
      ],
      after: { crowdSettle: "ending" },
    },
    ending: {
      entry: {
        type: "recur",
        params: { state: "doubled", cause: "the peer establishes the same SAs several times" },
      },
      invoke: {
        id: "endSurplus",
        src: "endSurplus",
        input: ({ context }) => surplusSas(context.ikeSas),
        onDone: { target: "#path.established", actions: { type: "wantList" } },
        // The next list has the SAs that still exist.
        onError: { target: "#path.established", actions: { type: "wantList" } },
      },
    },
  },
});
