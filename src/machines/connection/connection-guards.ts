import { hasSeveralPaths } from "../../model/api/path.ts";
import { publicStateOf, type PublicState } from "../../model/status/public-state.ts";
import { activeState, movesGateways } from "./connection-facts.ts";
import type { ConnectionContext, ConnectionEvent } from "./connection-types.ts";
import { decidedChoice } from "./decided-choice.ts";
import { declaredChoice } from "./declared-choice.ts";
import { isNewBeat } from "./elsewhere.ts";

interface Guarded {
  readonly context: ConnectionContext;
  readonly event: ConnectionEvent;
}

/** The guards of the connection machine. */
export const connectionGuards = {
  activeIs: ({ context }: Guarded, { state }: { state: PublicState }) =>
    activeState(context) === state,
  isNewBeat: ({ context, event }: Guarded) => isNewBeat(context, event),
  /** Whether a declaration changes the path that the gateways use, or whether they carry traffic. */
  gatewaysMove: ({ context, event }: Guarded) => {
    if (event.type !== "spec.changed") return false;
    return movesGateways(context, { ...context, ...declaredChoice(context, event.connection) });
  },
  choiceEnds: ({ context, event }: Guarded) =>
    event.type === "spec.changed" && !context.chosen && !hasSeveralPaths(event.connection),
  isFirstChoice: ({ context }: Guarded) => !context.chosen,
  switches: ({ context, event }: Guarded) =>
    event.type === "path.decided" &&
    movesGateways(context, { ...context, ...decidedChoice(context, event) }),
  /** Whether a path has another public state, or another failure. */
  isNews: ({ context, event }: Guarded) => {
    if (!("snapshot" in event)) return false;
    const { path, failure } = event.snapshot.context;
    const known = context.paths.find((one) => one.path === path);
    return (
      known !== undefined &&
      (known.failure !== failure || known.state !== publicStateOf(event.snapshot))
    );
  },
  pathless: ({ context }: Guarded) => context.paths.length === 0,
  gatewayless: ({ context }: Guarded) => context.gateways.length === 0,
};
