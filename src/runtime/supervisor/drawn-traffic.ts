import type { ConnectionActor, ConnectionSnapshot } from "../../machines/connection/connection.ts";
import { isHotStandby } from "../../machines/connection/peer-signs.ts";
import { hasSeveralPaths, pathConnections } from "../../model/api/path.ts";
import { isInstalled } from "../../model/charon/sa.ts";
import {
  isSilent,
  hasReturned,
  watchedAnswers,
  type AnswerWatch,
} from "../../model/traffic/answer-watch.ts";
import {
  childCounters,
  type ChildCounters,
  type KernelCounters,
} from "../../model/traffic/sa-counters.ts";
import { childSnapshotOf, ikeSasOf } from "../actors/snapshots.ts";
import { CounterLooks } from "./counter-looks.ts";
import type { TrafficWatchOptions } from "./traffic-watch.ts";

export type DrawnTrafficOptions = Omit<TrafficWatchOptions, "changed">;

/** The time after a hot standby had a CHILD SA installed. */
interface Observation {
  readonly root: ConnectionActor;
  readonly active: string;
  readonly standby: string;
  /** When it was installed, in milliseconds of a monotonic clock. */
  readonly since: number;
  /** When the rekey of the active path, which is silent, has to have helped. */
  readonly until: number | undefined;
  /** By the key of the child. */
  readonly answers: ReadonlyMap<string, AnswerWatch>;
}

/** Between two lists of counters: the first ones, and then ever more until the last time; milliseconds. */
const lookMs = 500;
const slowestMs = 30_000;

/** Traffic that a CHILD SA draws is missing at once, unless none is sent; milliseconds. */
const quickMs = 10_000;

/** Answers that come later were sent after the CHILD SA was installed; milliseconds. */
const flightMs = 2_000;

/** For a rekey of the active path, and answers after it; milliseconds. */
const returnMs = 3_000;

/**
 * Looks whether answers come by the active path after a hot standby had a CHILD SA installed. If none does,
 * as if the peer sends by the CHILD SA that was made last, it looks whether they come once the active
 * path was rekeyed. Without hot standbys it costs nothing.
 */
export class DrawnTraffic implements Disposable {
  readonly #options: DrawnTrafficOptions;
  /** The unique ids of the CHILD SAs of each hot standby, by the connection and the path. */
  readonly #known = new Map<string, ReadonlyMap<string, readonly string[]>>();
  readonly #observed = new Map<string, Observation>();
  readonly #looks: CounterLooks;
  #quickUntil = 0;

  constructor(options: DrawnTrafficOptions) {
    this.#options = options;
    this.#looks = new CounterLooks({
      ...options,
      isNeeded: () => this.#observed.size > 0,
      look: (byIfId) => this.#look(byIfId),
    });
  }

  /** Considers a connection after an event of its actor. */
  update(id: string): void {
    const root = this.#options.rootOf(id);
    const snapshot = root?.getSnapshot();
    if (
      root === undefined ||
      snapshot === undefined ||
      !hasSeveralPaths(snapshot.context.connection)
    ) {
      this.#known.delete(id);
      this.#observed.delete(id);
      return;
    }
    const before = this.#known.get(id);
    const now = new Map(hotStandbysOf(snapshot).map((path) => [path, idsOf(root, path)]));
    if (now.size > 0) this.#known.set(id, now);
    else this.#known.delete(id);
    const isNew = ([path, ids]: readonly [string, readonly string[]]) =>
      ids.some((uniqueId) => before?.get(path)?.includes(uniqueId) !== true);
    const [standby] = now.entries().find(isNew) ?? [];
    if (standby === undefined) return;
    const { active } = snapshot.context;
    const since = performance.now();
    const answers = new Map<string, AnswerWatch>();
    this.#observed.set(id, { root, active, standby, since, until: undefined, answers });
    this.#quickUntil = since + quickMs;
    this.#looks.restart(lookMs);
  }

  [Symbol.dispose](): void {
    this.#looks[Symbol.dispose]();
  }

  #look(byIfId: ReadonlyMap<number, readonly KernelCounters[]>): void {
    const { waitMs } = this.#looks;
    if (performance.now() > this.#quickUntil) this.#looks.waitMs = Math.min(2 * waitMs, slowestMs);
    for (const [id, observation] of this.#observed) {
      const next = this.#judged(observation, byIfId);
      if (next === undefined) this.#observed.delete(id);
      else this.#observed.set(id, next);
    }
  }

  /** The observation after another look; undefined once it is over. */
  #judged(
    observation: Observation,
    byIfId: ReadonlyMap<number, readonly KernelCounters[]>,
  ): Observation | undefined {
    const { root, active, standby, since, until } = observation;
    const snapshot = root.getSnapshot();
    const now = performance.now();
    const { context } = snapshot;
    if (until !== undefined && now > until) return undefined;
    if (context.active !== active || !isHotStandby(context, standby)) return undefined;
    const answers = new Map<string, AnswerWatch>();
    for (const [key, sums] of countersOf(snapshot, byIfId)) {
      const known = observation.answers.get(key);
      if (known !== undefined && hasReturned(known, sums)) {
        if (until !== undefined) root.send({ type: "traffic.returned" });
        if (until !== undefined || now - since > flightMs) return undefined;
      }
      const next = watchedAnswers(known, sums, now);
      answers.set(key, next);
      if (until !== undefined || !isSilent(next, sums, now)) continue;
      root.send({ type: "traffic.drawn", path: standby });
      this.#looks.waitMs = lookMs;
      this.#quickUntil = now + returnMs;
      return { ...observation, until: now + returnMs };
    }
    return { ...observation, answers };
  }
}

function hotStandbysOf({ context }: ConnectionSnapshot): string[] {
  return pathConnections(context.connection)
    .map(({ path }) => path)
    .filter((path) => isHotStandby(context, path));
}

/** The unique ids of the CHILD SAs of a path. */
function idsOf(root: ConnectionActor, path: string): readonly string[] {
  const children = ikeSasOf(root, path).flatMap((sa) => sa.children.filter(isInstalled));
  return children.map(({ uniqueId }) => uniqueId);
}

/** The counters of each child by the active path. */
function countersOf(
  snapshot: ConnectionSnapshot,
  byIfId: ReadonlyMap<number, readonly KernelCounters[]>,
): [key: string, sums: ChildCounters][] {
  return snapshot.context.connection.children.flatMap(({ key }) => {
    const { child, sas } = childSnapshotOf(snapshot, key)?.context ?? {};
    const own = child && byIfId.get(child.ifId);
    return own === undefined || sas === undefined ? [] : [[key, childCounters(own, sas)]];
  });
}
