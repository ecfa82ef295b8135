import type { ContextChange, FailoverContext } from "./failover-types.ts";
import { slowestCircle, withTurn } from "./circles.ts";

/** After so many circles without an answer the rest has its longest time. */
const mostRests = 4;

export const noSilences: FailoverContext["silences"] = { unanswered: 0, all: 0 };

/** After so many silences without a calm time, only a rest gives a path another turn. */
const mostSilences = 10;

/** A rest allows for so many: that at its end, that after the next attempt, and one more. */
const freeSilences = 3;

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
