import { assign, not } from "xstate";
import { isMoving } from "../../model/charon/sa.ts";
import { failure, Reason } from "../../model/status/failure.ts";
import { overdueSas } from "./connection-facts.ts";
import { connectionSetup } from "./connection-setup.ts";
import { polling } from "./polling.ts";

const noPath = failure(
  Reason.PeerUnreachable,
  "the node has no path to the peer: check its addresses and routes; ipman brings the IKE SA up again",
);
const noEnd = failure(
  Reason.PeerUnreachable,
  "charon's search for a path to the peer did not complete; ipman brings the IKE SA up again",
);

/** The state of a connection whose IKE SA moves to other addresses. */
export const moving = connectionSetup.createStateConfig({
  description:
    "MOBIKE searches for a path to the peer or checks the present one; the children stay up if they can.",
  tags: "established",
  on: {
    "path.missing": {
      target: "#connection.moving",
      reenter: true,
      actions: { type: "missPath" },
    },
    "configuration.lost": { guard: "loadable", target: "#connection.restoring" },
  },
  always: [
    { guard: not("established"), target: "#connection.negotiating" },
    { guard: not("moving"), target: "#connection.established" },
  ],
  ...polling,
  after: {
    moveDeadline: {
      target: "#connection.replacing",
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
