import { abandoned, firstOf, preferredOf, switched } from "./failover-facts.ts";
import type {
  ContextChange,
  FailoverContext,
  FailoverEvent,
  HeardDecision,
} from "./failover-types.ts";
import { isElsewhere, isHere, isSeveral } from "./here.ts";
import { stayingFirst } from "./leaving.ts";
import { unanswered } from "./silences.ts";
import { nextOf, turnEnded } from "./circles.ts";

/** Between two agents that may claim the active path. */
const claimStepMs = 150;

/** For the agent to which the active path was handed over, until it reports that it leads. */
const handedMs = 1_000;

/** For the agent of the active path in any other case: it may have started a moment ago. */
const unconfirmedMs = 10_000;

/** Whether several groups have paths, and no decision is known. */
export function isUndecided(context: FailoverContext): boolean {
  return isSeveral(context) && context.epoch === 0;
}

/**
 * Whether this agent may make the first decision: one of its own paths is up, as before its start, or
 * the preferred path is here and no other one carries the traffic.
 */
export function mayOpen(context: FailoverContext): boolean {
  const { paths, up } = context;
  if (up.some((path) => isHere(context, path))) return true;
  return up.length === 0 && isHere(context, preferredOf(paths));
}

/** Makes the first decision. */
export function opened(context: FailoverContext): ContextChange {
  const { paths, up } = context;
  const ownUp = up.filter((path) => isHere(context, path));
  return switched(context, firstOf(paths, ownUp) ?? preferredOf(paths), "start");
}

/** Whether a decision of another agent replaces the present one. */
export function isOutranked(context: FailoverContext, event: FailoverEvent): boolean {
  if (event.type !== "decision.heard" || event.epoch === 0) return false;
  const { paths, active, epoch } = context;
  if (!isSeveral(context) || !paths.includes(event.active)) return false;
  if (event.epoch !== epoch) return event.epoch > epoch;
  return paths.indexOf(event.active) < paths.indexOf(active);
}

/** Takes a decision of another agent, and counts the turns and setbacks as that agent does. */
export function taken(context: FailoverContext, event: HeardDecision): ContextChange {
  const { epoch, active, cause } = event;
  const isMoved = active !== context.active;
  return {
    ...(isMoved && { ...turnOf(context, event), ...switched(context, active, cause) }),
    cause,
    dialled: dialledBy(context, event),
    epoch,
    handed: false,
    confirmed: isConfirmed(event),
  };
}

function turnOf(context: FailoverContext, { cause }: HeardDecision): ContextChange {
  if (cause === "unreachable") return unanswered(context);
  return cause === "lost" || cause === "failed" ? turnEnded(context) : {};
}

function dialledBy({ paths }: FailoverContext, { active, dialled }: HeardDecision) {
  return dialled !== undefined && dialled !== active && paths.includes(dialled)
    ? dialled
    : undefined;
}

function isConfirmed({ leading, from, active }: HeardDecision): boolean {
  return leading && from.includes(active);
}

/** Whether an event is from the agent of the active path, which is elsewhere. */
export function isOfLeader(context: FailoverContext, event: FailoverEvent): boolean {
  return (
    event.type === "decision.heard" &&
    isElsewhere(context) &&
    event.from.includes(context.active) &&
    context.paths.includes(event.active)
  );
}

/** Whether the leading agent has another path brought up than before, or none any more. */
export function isRedialled(context: FailoverContext, event: FailoverEvent): boolean {
  return (
    event.type === "decision.heard" &&
    isOfLeader(context, event) &&
    isSame(context, event) &&
    dialledBy(context, event) !== context.dialled
  );
}

/** Notes the report of the agent of the active path. */
export function followed(context: FailoverContext, event: HeardDecision): ContextChange {
  if (!isSame(context, event)) return { confirmed: false };
  const dialled = dialledBy(context, event);
  const isAbandoned = event.cause === "abandoned" && context.cause !== "abandoned";
  return {
    ...(isAbandoned && abandoned(context)),
    dialled,
    cause: event.cause,
    confirmed: isConfirmed(event),
  };
}

function isSame({ epoch, active }: FailoverContext, event: HeardDecision): boolean {
  return event.epoch === epoch && event.active === active;
}

/** The paths from which an agent may choose when the active one is lost with its group, best first. */
function candidatesOf(context: FailoverContext): readonly string[] {
  const { paths, up, ready, active, absent } = context;
  const present = paths.filter((path) => path !== active && !absent.includes(path));
  const worth = (path: string) => (up.includes(path) ? 2 : Number(ready.includes(path)));
  return stayingFirst(present, context).toSorted((a, b) => worth(b) - worth(a));
}

/** The best path of this group, for a claim. */
function ownBest(context: FailoverContext): string | undefined {
  return candidatesOf(context).find((path) => isHere(context, path));
}

/** Whether this agent has a path that it can claim as the active one. */
export function mayClaim(context: FailoverContext): boolean {
  return ownBest(context) !== undefined;
}

/** Makes the best path of this group active in place of one whose agent is not heard. */
export function claimed(context: FailoverContext): ContextChange {
  const turn = turnEnded(context);
  const path = ownBest(context) ?? context.active;
  return { ...turn, ...switched({ ...context, ...turn }, path, "lost") };
}

/** The time that agents with better paths have to claim first; milliseconds. */
export function claimMs(context: FailoverContext): number {
  const best = ownBest(context);
  return best === undefined ? 0 : candidatesOf(context).indexOf(best) * claimStepMs;
}

/** The time for the agent of the active path to report that it leads; milliseconds. */
export function confirmationMs({ handed }: FailoverContext): number {
  return handed ? handedMs : unconfirmedMs;
}

/** The path elsewhere to which the traffic goes while charon here does not return. */
export function successorOf(context: FailoverContext): string | undefined {
  if (isUndecided(context) || isElsewhere(context)) return undefined;
  const next = nextOf(context);
  const isReady = next !== undefined && context.ready.includes(next);
  return isReady && !isHere(context, next) ? next : undefined;
}

/** Notes that the group of a path is not heard, so that nothing is known of it. */
export function madeAbsent(
  { absent, up, ready, active, confirmed }: FailoverContext,
  path: string,
) {
  const isOther = (other: string) => other !== path;
  return {
    absent: [...absent.filter(isOther), path],
    up: up.filter(isOther),
    ready: ready.filter(isOther),
    confirmed: confirmed && path !== active,
  };
}
