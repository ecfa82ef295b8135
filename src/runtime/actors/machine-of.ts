import { StateMachine, type AnyActorRef, type AnyStateMachine } from "xstate";

/** The chart of an actor; undefined for a call in progress, which is an actor without a chart. */
export function machineOf(actor: AnyActorRef): AnyStateMachine | undefined {
  const { logic } = actor as { logic?: unknown };
  return logic instanceof StateMachine ? logic : undefined;
}

/** Whether an actor has a chart. */
export function isMachine(actor: AnyActorRef): boolean {
  return machineOf(actor) !== undefined;
}
