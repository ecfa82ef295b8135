import { StateMachine, type AnyActorRef, type AnyStateMachine } from "xstate";

/** The chart of an actor; calls that are under way are actors as well, of none. */
export function machineOf(actor: AnyActorRef): AnyStateMachine | undefined {
  const { logic } = actor as { logic?: unknown };
  return logic instanceof StateMachine ? logic : undefined;
}

export function isMachine(actor: AnyActorRef): boolean {
  return machineOf(actor) !== undefined;
}
