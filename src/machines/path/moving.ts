import { assign, not } from "xstate";
import { isMoving } from "../../model/charon/sa.ts";
import { failure, Reason } from "../../model/status/failure.ts";
import { overdueSas } from "./path-facts.ts";
import { pathSetup } from "./path-setup.ts";
import { polling } from "./polling.ts";

const noPath = failure(
  Reason.PeerUnreachable,
  "the node has no path to the peer: check its addresses and routes; ipman brings the IKE SA up again",
);
const noEnd = failure(
  Reason.PeerUnreachable,
  "charon's search for a path to the peer did not complete; ipman brings the IKE SA up again",
);

/** The state of a path whose IKE SA moves to other addresses. */
export const moving = pathSetup.createStateConfig({
  description:
    "MOBIKE searches for a path to the peer or checks the present one; the children stay up if they can.",
  tags: "established",
  on: {
    "path.missing": {
      target: "#path.moving",
      reenter: true,
      actions: [{ type: "missPath" }, { type: "wantList" }],
    },
    "configuration.lost": { guard: "loadable", target: "#path.restoring" },
  },
  always: [
    { guard: not("established"), target: "#path.negotiating" },
    { guard: not("moving"), target: "#path.established" },
  ],
  ...polling,
  after: {
    moveDeadline: {
      target: "#path.replacing",
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
});
