import { pathSetup } from "./path-setup.ts";

/** Requests the list of SAs regularly, since charon does not report when it has finished. */
export const polling = pathSetup.createStateConfig({
  initial: "waiting",
  states: {
    waiting: {
      after: { check: { target: "waiting", reenter: true, actions: { type: "wantList" } } },
    },
  },
});
