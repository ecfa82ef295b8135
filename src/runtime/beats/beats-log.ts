import type { Logger } from "pino";
import type { Subscription } from "rxjs";
import { systemClock, type Clock } from "../time/clock.ts";
import type { BeatCount, BeatResult } from "./beat-count.ts";
import type { BeatExchange } from "./beat-exchange.ts";

/** A result is logged again after this time, in milliseconds. */
const pauseMs = 60_000;

/** The results that need a person to look at the network, the key or the versions. */
const words: Partial<Record<BeatResult, string>> = {
  flood: "a sender sends more beats than any agent does",
  malformed: "beats are malformed",
  forged: "beats are not authenticated by the key of this cluster",
  unknown_version: "beats are of another version of ipman",
  unheard: "an agent that does not hear this one sends beats",
  failed: "beats cannot be sent",
};

/** Logs refused beats, at most once a minute for each cause. */
export class RefusedBeatsLog {
  readonly #log: Pick<Logger, "warn">;
  readonly #clock: Pick<Clock, "elapsed">;
  readonly #loggedAt = new Map<BeatResult, number>();
  /** Since the last line. */
  readonly #counts = new Map<BeatResult, number>();

  constructor(log: Pick<Logger, "warn">, clock: Pick<Clock, "elapsed"> = systemClock) {
    this.#log = log;
    this.#clock = clock;
  }

  readonly count: BeatCount = (direction, result) => {
    const message = words[result];
    if (message === undefined) return;
    const count = (this.#counts.get(result) ?? 0) + 1;
    this.#counts.set(result, count);
    const now = this.#clock.elapsed();
    if (now - (this.#loggedAt.get(result) ?? -Infinity) < pauseMs) return;
    this.#loggedAt.set(result, now);
    this.#counts.set(result, 0);
    this.#log.warn({ direction, result, count }, message);
  };
}

/** Logs when the agents of other groups are lost and when they are back. */
export function logPresences(
  log: Pick<Logger, "info" | "warn">,
  { presences }: Pick<BeatExchange, "presences">,
): Subscription {
  return presences.subscribe(({ group, presence }) => {
    if (presence === "present") log.info({ peer: group }, "the agent of the group is heard");
    else log.warn({ peer: group }, "the agent of the group is absent");
  });
}
