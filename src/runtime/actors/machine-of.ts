import { StateMachine, type AnyActorRef, type AnyStateMachine } from "xstate";

/**
 * The machine of an actor; undefined for a call in progress, which is an actor without a machine.
 */
export function machineOf(actor: AnyActorRef): AnyStateMachine | undefined {
  const { logic } = actor as { logic?: unknown };
  return logic instanceof StateMachine ? logic : undefined;
}

/** Whether an actor runs a machine. */
export function isMachine(actor: AnyActorRef): boolean {
  return machineOf(actor) !== undefined;
}
