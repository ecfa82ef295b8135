import { stayingFirst } from "./leaving.ts";
import { carrying } from "./here.ts";
import type { ContextChange, FailoverContext } from "./failover-types.ts";

/** From this circle on, a turn has its longest time. */
export const slowestCircle = 3;

/** Ends the turn of the active path. After that of the last path another circle begins. */
export function turnEnded(context: FailoverContext): ContextChange {
  const { paths, active, tried, circle, absent } = context;
  const hadTurn = withTurn(tried, active);
  if (paths.some((path) => !hadTurn.includes(path) && !absent.includes(path)))
    return { tried: hadTurn };
  return { tried: [], circle: Math.min(circle + 1, slowestCircle) };
}

/** The paths that had a turn, with a further one. */
export function withTurn(tried: readonly string[], path: string): readonly string[] {
  return [...tried.filter((other) => other !== path), path];
}

/** The next path without a turn in the present circle: one with an IKE SA, if there is one. */
export function nextOf(context: FailoverContext): string | undefined {
  const { tried, ready } = context;
  const order = pathsAfter(context).filter((path) => !tried.includes(path));
  return order.find((path) => ready.includes(path)) ?? order[0];
}

/** The next path without a turn that is up already. */
export function nextUpOf(context: FailoverContext): string | undefined {
  const up = carrying(context);
  return pathsAfter(context).find((path) => up.includes(path) && !context.tried.includes(path));
}

/** The time of a turn in the present circle, in milliseconds. */
export function turnMs({ circle }: FailoverContext): number {
  return Math.min(10_000 * 2 ** circle, 60_000);
}

/**
 * The other paths in the order of attempts: those behind the active one, then those before it. The
 * paths of groups that leave are the last ones, and those of absent groups are left out.
 */
export function pathsAfter(context: FailoverContext): readonly string[] {
  const { paths, active, absent } = context;
  const at = paths.indexOf(active);
  const others = [...paths.slice(at + 1), ...paths.slice(0, Math.max(at, 0))];
  return stayingFirst(others, context).filter((path) => !absent.includes(path));
}
