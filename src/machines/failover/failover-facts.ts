import { sameItems } from "../../model/value/same-items.ts";
import type { SwitchCause } from "../../model/beats/switch-cause.ts";
import type {
  FailoverContext,
  FailoverEvent,
  FailoverInput,
  PathDeclaration,
} from "./failover-types.ts";

/** A part of the context that an action changes. */
type ContextChange = Partial<FailoverContext>;

/** The hold doubles with each setback, up to this number of them: 64 times. */
const mostSetbacks = 6;

/** After so many circles without an answer the rest has its longest time. */
const mostRests = 4;

export const noSilences: FailoverContext["silences"] = { unanswered: 0, all: 0 };

/** After so many silences without a calm time, only a rest gives a path another turn. */
const mostSilences = 10;

/** A rest allows for so many: that at its end, that after the next attempt, and one more. */
const freeSilences = 3;

/** From this circle on, a turn has its longest time. */
const slowestCircle = 3;

/** The longest delay of a timer of the runtime, which is about 24 days; milliseconds. */
const longestTimerMs = 2 ** 31 - 1;

/** The context of an actor that starts. */
export function startOf(input: FailoverInput): FailoverContext {
  const { paths, up } = input;
  return {
    ...input,
    active: firstOf(paths, up) ?? preferredOf(paths),
    dialled: undefined,
    cause: "start",
    ready: [],
    silent: false,
    silences: noSilences,
    rests: 0,
    tried: [],
    circle: 0,
    renewed: false,
    returned: false,
    setbacks: 0,
  };
}

/** The first path of the declaration. */
export function preferredOf(paths: readonly string[]): string {
  const [preferred] = paths;
  if (preferred === undefined) throw new Error("a connection has at least one path");
  return preferred;
}

/** Whether a path other than the active one is up. */
export function isOtherUp({ up, active }: FailoverContext): boolean {
  return up.some((path) => path !== active);
}

/** Makes the most preferred path active that is up; without one, the preferred path. */
export function switchedToBest(context: FailoverContext, cause: SwitchCause): ContextChange {
  const { paths, up } = context;
  return switched(context, firstOf(paths, up) ?? preferredOf(paths), cause);
}

const setbackCauses: ReadonlySet<SwitchCause> = new Set(["lost", "failed", "unreachable"]);

/** Makes a path active. A failback that does not last is a setback. */
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
    renewed: false,
    returned: cause === "failback",
    setbacks: isSetback ? withSetback(context) : context.setbacks,
  };
}

/** Ends the attempt at a path beside the active one, which had its turn if no probe is answered. */
export function abandoned({ cause, ...context }: FailoverContext): ContextChange {
  const { silent, dialled, tried } = context;
  return {
    dialled: undefined,
    cause: "abandoned",
    tried: silent && dialled !== undefined ? withTurn(tried, dialled) : tried,
    setbacks: cause === "failback" ? withSetback(context) : context.setbacks,
  };
}

/** Ends the turn of the active path. After that of the last path another circle begins. */
export function turnEnded({ paths, active, tried, circle }: FailoverContext): ContextChange {
  const hadTurn = withTurn(tried, active);
  if (paths.some((path) => !hadTurn.includes(path))) return { tried: hadTurn };
  return { tried: [], circle: Math.min(circle + 1, slowestCircle) };
}

function withTurn(tried: readonly string[], path: string): readonly string[] {
  return [...tried.filter((other) => other !== path), path];
}

/** Notes that no probe was answered by the active path in its turn. */
export function unanswered({ tried, active, silences }: FailoverContext): ContextChange {
  const { unanswered, all } = silences;
  // The state is entered again after each attempt at another path.
  const isNew = !tried.includes(active);
  return {
    tried: withTurn(tried, active),
    silences: {
      unanswered: isNew ? unanswered + 1 : unanswered,
      all: Math.min(all + 1, mostSilences),
    },
  };
}

/**
 * Notes that the peer of a path has made an IKE SA. The path gets another turn, unless each path had
 * one without an answer, as if the probed host is down. While no path is up, the turns become slow
 * first: each peer may make an IKE SA at every turn and refuse the CHILD SAs.
 */
export function madeReady(context: FailoverContext, path: string): ContextChange {
  const { ready, tried, silences, paths, up, active, circle } = context;
  if (ready.includes(path)) return {};
  const isFree = up.includes(active)
    ? silences.unanswered <= paths.length && silences.all < mostSilences
    : circle === slowestCircle;
  return {
    ready: [...ready, path],
    tried: isFree ? tried.filter((other) => other !== path) : tried,
  };
}

/**
 * Begins another circle in which the other paths are tried for an answer, and in which one whose peer
 * makes an IKE SA may have another turn.
 */
export function rested({ active, rests, silences }: FailoverContext): ContextChange {
  const { all, ...others } = silences;
  return {
    tried: [active],
    rests: Math.min(rests + 1, mostRests),
    silences: { ...others, all: Math.min(all, mostSilences - freeSilences) },
  };
}

/** The time between two circles of paths through which no probe was answered; milliseconds. */
export function restMs({ rests }: FailoverContext): number {
  return Math.min(60_000 * 2 ** rests, 600_000);
}

/** The next path without a turn in the present circle: one with an IKE SA, if there is one. */
export function nextOf(context: FailoverContext): string | undefined {
  const { tried, ready } = context;
  const order = pathsAfter(context).filter((path) => !tried.includes(path));
  return order.find((path) => ready.includes(path)) ?? order[0];
}

/** The next path without a turn that is up already. */
export function nextUpOf(context: FailoverContext): string | undefined {
  const { tried, up } = context;
  return pathsAfter(context).find((path) => up.includes(path) && !tried.includes(path));
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
  return context.paths.includes(path) ? { path, cause: isMove ? "move" : "failback" } : undefined;
}

/** Takes a declaration; vanished names are forgotten, except for that of the active path. */
export function declared(
  context: FailoverContext,
  { paths, warm, settings }: PathDeclaration,
): FailoverContext {
  const isDeclared = (path: string) => paths.includes(path);
  const isSamePreferred = preferredOf(paths) === preferredOf(context.paths);
  return {
    ...context,
    paths,
    warm,
    settings,
    up: context.up.filter(isDeclared),
    ready: context.ready.filter(isDeclared),
    tried: context.tried.filter(isDeclared),
    // The setbacks are those of the preferred path.
    returned: isSamePreferred && context.returned,
    setbacks: isSamePreferred ? context.setbacks : 0,
  };
}

/** Whether a declaration differs from the present one. */
export function isOther(before: PathDeclaration, after: PathDeclaration): boolean {
  const { paths, warm, settings } = after;
  return (
    !sameItems(paths, before.paths) ||
    !sameItems(warm, before.warm) ||
    settings.holdSeconds !== before.settings.holdSeconds ||
    settings.failback !== before.settings.failback
  );
}

/** Whether the preferred path would have an IKE SA if its peer answered, and has none. */
export function isPreferredUnready({ paths, warm, ready }: FailoverContext): boolean {
  const preferred = preferredOf(paths);
  return warm.includes(preferred) && !ready.includes(preferred);
}

/** Whether the preferred path is to be active again after the hold. */
export function isAway({ active, paths, settings }: FailoverContext): boolean {
  return settings.failback === "planned" && active !== preferredOf(paths);
}

/** Whether the path beside the active one has a reason to be dialled. */
export function isPlanned({ dialled, cause, ...context }: FailoverContext): boolean {
  if (dialled === undefined || !context.paths.includes(dialled)) return false;
  if (cause !== "failback") return true;
  return context.settings.failback === "planned" && dialled === preferredOf(context.paths);
}

/**
 * The time before the preferred path is dialled beside the active one, in milliseconds. It is never
 * 0, so that a preferred path that refuses is not dialled without a pause.
 */
export function holdMs({ settings, setbacks }: FailoverContext): number {
  return Math.min(Math.max(settings.holdSeconds, 1) * 1_000 * 2 ** setbacks, longestTimerMs);
}

/** The time of a turn in the present circle, in milliseconds. */
export function turnMs({ circle }: FailoverContext): number {
  return Math.min(10_000 * 2 ** circle, 60_000);
}

/** The other paths in the order of attempts: those behind the active one, then those before it. */
function pathsAfter({ paths, active }: FailoverContext): readonly string[] {
  const at = paths.indexOf(active);
  return [...paths.slice(at + 1), ...paths.slice(0, Math.max(at, 0))];
}

function firstOf(paths: readonly string[], up: readonly string[]): string | undefined {
  return paths.find((path) => up.includes(path));
}

function withSetback({ setbacks }: Pick<FailoverContext, "setbacks">): number {
  return Math.min(setbacks + 1, mostSetbacks);
}
