import { assign, not } from "xstate";
import { failureOf } from "../common/failure-of.ts";
import { pathSetup } from "./path-setup.ts";

/** The state of a path whose IKE SA is up and which charon no longer has. */
export const restoring = pathSetup.createStateConfig({
  description:
    "Another program removed or replaced the connection or its key in charon: ipman loads it again. SAs stay up.",
  tags: "established",
  entry: { type: "noteLoss" },
  always: { guard: not("established"), target: "#path.failed" },
  initial: "deciding",
  states: {
    deciding: { always: [{ guard: "looping", target: "pausing" }, { target: "loading" }] },
    pausing: {
      description: "The loss recurs, or charon did not accept the connection.",
      after: { backoff: "loading" },
    },
    loading: {
      invoke: {
        id: "load",
        src: "load",
        input: ({ context }) => ({ connection: context.connection }),
        onDone: {
          target: "#path.established",
          actions: { type: "takeLoaded", params: ({ event }) => event.output },
        },
        onError: {
          target: "pausing",
          actions: [
            assign({ attempt: ({ context }) => context.attempt + 1 }),
            { type: "note", params: ({ event }) => ({ failure: failureOf(event.error) }) },
          ],
        },
      },
    },
  },
});
