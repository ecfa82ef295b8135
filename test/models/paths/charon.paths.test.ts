import { describe } from "node:test";
import { charonMachine } from "../../../src/machines/charon.ts";
import { failure, Reason } from "../../../src/model/status/failure.ts";
import { coversItsChart } from "./covers.ts";
import { never } from "./graph.ts";

const error = { failure: failure(Reason.CharonUnavailable, "no answer") };

describe("the charon machine on generated paths", () => {
  coversItsChart((held) => ({
    machine: charonMachine.provide({
      actors: {
        connect: held.actor(),
        prune: held.actor(),
        list: held.actor(),
        session: held.actor(),
      },
      delays: { backoff: 1_000, steady: never },
    }),
    events: [{ type: "sas.wanted" }],
    facts: ({ wantedAgain }: { wantedAgain: boolean }) => wantedAgain,
    errors: [error],
  }));
});
