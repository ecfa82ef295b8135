import type { SwitchCause } from "../../model/beats/switch-cause.ts";
import type {
  ContextChange,
  FailoverContext,
  FailoverEvent,
  FailoverInput,
} from "./failover-types.ts";
import { stayingFirst } from "./leaving.ts";
import { carrying, firstEpoch, isHere, isSeveral } from "./here.ts";
import { noSilences } from "./silences.ts";
import { nextOf, pathsAfter, withTurn } from "./circles.ts";

/** The hold doubles with each setback, up to this number of them: 64 times. */
const mostSetbacks = 6;

/** The longest delay of a timer of the runtime, which is about 24 days; milliseconds. */
const longestTimerMs = 2 ** 31 - 1;

/** The context of an actor that starts. */
export function startOf(input: FailoverInput): FailoverContext {
  const { paths, up } = input;
  return {
    ...input,
    peersKnown: input.peersKnown ?? false,
    active: firstOf(paths, up) ?? preferredOf(paths),
    dialled: undefined,
    cause: "start",
    ready: [],
    silent: false,
    answered: false,
    silences: noSilences,
    rests: 0,
    tried: [],
    circle: 0,
    renewed: false,
    returned: false,
    setbacks: 0,
    epoch: firstEpoch(input),
    absent: [],
    leaving: [],
    confirmed: false,
    handed: false,
    claims: 0,
    pausing: false,
  };
}

/** The first path of the declaration. */
export function preferredOf(paths: readonly string[]): string {
  const [preferred] = paths;
  if (preferred === undefined) throw new Error("a connection has at least one path");
  return preferred;
}

/** Whether a path other than the active one is up. */
export function isOtherUp(context: FailoverContext): boolean {
  return carrying(context).some((path) => path !== context.active);
}

/**
 * Makes the most preferred path active that is up, one whose group stays if there is any; without one,
 * the preferred path.
 */
export function switchedToBest(context: FailoverContext, cause: SwitchCause): ContextChange {
  const best = firstOf(stayingFirst(context.paths, context), carrying(context));
  return switched(context, best ?? preferredOf(context.paths), cause);
}

const setbackCauses: ReadonlySet<SwitchCause> = new Set(["lost", "failed", "unreachable"]);

/**
 * Makes a path active. A failback that does not last is a setback. With several groups the decision
 * has a higher epoch, and a path elsewhere is handed over.
 */
export function switched(
  context: FailoverContext,
  active: string,
  cause: SwitchCause,
): ContextChange {
  const isSetback = context.returned && setbackCauses.has(cause);
  return {
    active,
    dialled: undefined,
    cause,
    silent: false,
    answered: false,
    renewed: false,
    returned: cause === "failback",
    setbacks: isSetback ? withSetback(context) : context.setbacks,
    epoch: isSeveral(context) ? context.epoch + 1 : context.epoch,
    confirmed: false,
    handed: !isHere(context, active) && (context.handed || isHere(context, context.active)),
  };
}

/**
 * Ends the attempt at a path beside the active one. The path had its turn if no probe is answered, or if
 * this group leaves, so that others are tried.
 */
export function abandoned({ cause, ...context }: FailoverContext): ContextChange {
  const { silent, dialled, tried } = context;
  const isTurn = (silent || cause === "drain") && dialled !== undefined;
  return {
    dialled: undefined,
    cause: "abandoned",
    tried: isTurn ? withTurn(tried, dialled) : tried,
    setbacks: cause === "failback" ? withSetback(context) : context.setbacks,
  };
}

/** Makes the next path active that had no turn in the present circle. */
export function switchedToNext(context: FailoverContext, cause: SwitchCause): ContextChange {
  return switched(context, nextOf(context) ?? context.active, cause);
}

/** A move to another path while the active one is up. */
interface PlannedMove {
  readonly path: string;
  readonly cause: "move" | "failback";
}

/** The plan of a move, or of the end of the hold; undefined if it would change nothing. */
export function planOf(context: FailoverContext, event: FailoverEvent): PlannedMove | undefined {
  const isMove = event.type === "move";
  const path = isMove ? (event.path ?? pathsAfter(context)[0]) : preferredOf(context.paths);
  if (path === undefined || path === context.active || path === context.dialled) return undefined;
  if (context.absent.includes(path) || context.leaving.includes(path)) return undefined;
  return context.paths.includes(path) ? { path, cause: isMove ? "move" : "failback" } : undefined;
}

/**
 * Whether the preferred path would have an IKE SA if its peer and its group answered, and has none; or
 * whether its group leaves.
 */
export function isPreferredUnready(context: FailoverContext): boolean {
  const { paths, warm, ready, absent, leaving } = context;
  const preferred = preferredOf(paths);
  if (absent.includes(preferred) || leaving.includes(preferred)) return true;
  return warm.includes(preferred) && !ready.includes(preferred);
}

/** Whether the preferred path is to be active again after the hold. */
export function isAway({ active, paths, settings }: FailoverContext): boolean {
  return settings.failback === "planned" && active !== preferredOf(paths);
}

/**
 * The time before the preferred path is dialled beside the active one, in milliseconds. It is never
 * 0, so that a preferred path that refuses is not dialled without a pause.
 */
export function holdMs({ settings, setbacks }: FailoverContext): number {
  return Math.min(Math.max(settings.holdSeconds, 1) * 1_000 * 2 ** setbacks, longestTimerMs);
}

/** The first path in order that is in the list. */
export function firstOf(paths: readonly string[], up: readonly string[]): string | undefined {
  return paths.find((path) => up.includes(path));
}

function withSetback({ setbacks }: Pick<FailoverContext, "setbacks">): number {
  return Math.min(setbacks + 1, mostSetbacks);
}
