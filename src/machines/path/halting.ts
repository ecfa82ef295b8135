import { failure, Reason } from "../../model/status/failure.ts";
import type { Recurrence } from "../common/recurrence.ts";
import { pathSetup } from "./path-setup.ts";

/** The name of the state in which charon reauthenticates again and again. */
export const hasty = "reauthenticating";

/** A single hasty reauthentication is not a loop: a peer may ask for one at any time. */
const freeHastes = 1;

/** Whether another hasty reauthentication is one of a loop. */
export function isHastyLoop({ state, times }: Recurrence): boolean {
  return state === hasty && times >= freeHastes;
}

/** The failure of a connection whose peer announces that lifetime, in seconds. */
export function hastyFailure(lifetime: number) {
  return failure(
    Reason.LifetimeTooShort,
    `the peer announces a lifetime of the authentication of ${lifetime} s, and charon reauthenticates \`over_time\` before its end, which is at once: declare an \`over_time\` that is far shorter, or have the lifetime extended`,
  );
}

/** The state of a path in which charon would make one IKE SA after the other. */
export const halting = pathSetup.createStateConfig({
  description:
    "charon reauthenticates again and again: ipman ends the IKE SAs and removes the connection from charon until another attempt.",
  tags: "failed",
  entry: { type: "tellChildren", params: { type: "connection.unloaded" } },
  on: { "lifetime.hasty": {} },
  invoke: {
    id: "unload",
    src: "unload",
    input: ({ context }) => ({ connectionName: context.connection.name }),
    onDone: "#path.failed.halted",
    // A reauthentication after this leads here again.
    onError: "#path.failed.halted",
  },
});
