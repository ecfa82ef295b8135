import type { PathDecision } from "../failover/failover-types.ts";
import { viaOf } from "./connection-facts.ts";
import type { ConnectionContext } from "./connection-types.ts";
import { awaitedBy } from "./handover.ts";
import { choiceWith, type PathSwitched } from "./path-choice.ts";

/** The part of a connection's context that follows from a decision. */
type DecidedChoice = Pick<
  ConnectionContext,
  "active" | "dialled" | "dials" | "chosen" | "via" | "choice"
>;

/** The choice after a decision of the actor that chooses. */
export function decidedChoice(context: ConnectionContext, decision: PathDecision): DecidedChoice {
  const { connection, choice } = context;
  const { active, dialled, cause, epoch = choice.epoch } = decision;
  return {
    active,
    dialled,
    dials: decision.waits !== true || context.dials,
    chosen: true,
    via: viaOf({ connection, active, dialled, via: context.via }),
    choice: choiceWith(choice, {
      awaited: awaitedBy(context, decision),
      cause,
      epoch,
      switched: switchBy(context, decision) ?? choice.switched,
    }),
  };
}

/** The switch that a decision makes; undefined for none. */
export function switchBy(
  { active: from }: Pick<ConnectionContext, "active">,
  { active: to, cause }: PathDecision,
): PathSwitched | undefined {
  // An earlier process may have left another path up than the preferred one.
  return from === to || cause === "start" ? undefined : { from, to, cause };
}
