import type { Connection } from "../../model/api/connection.ts";
import type { CharonEvent } from "../../model/charon/charon-event.ts";
import type { CharonStatistics } from "../../adapters/vici/statistics-session.ts";
import type { SaEnd } from "../../model/charon/sa-statistics.ts";
import { isEstablished, isInstalled, type IkeSa } from "../../model/charon/sa.ts";
import { TrafficCounters } from "../../model/charon/traffic.ts";
import {
  childLoaded,
  childSeries,
  connectionLoaded,
  countSeries,
  ikeSeries,
  ikeStates,
  stateSeries,
  upSeries,
  type ChildRow,
  type IkeRow,
} from "./charon-series.ts";
import { exposition, label, type Labelled } from "./exposition.ts";

/** Reads charon's statistics over a session of its own, so that no command waits behind a scrape. */
export interface StatisticsPort extends Disposable {
  readonly open: () => Promise<void>;
  readonly read: () => Promise<CharonStatistics>;
}

export interface CharonMetricsOptions {
  readonly charon: StatisticsPort;
  /** The connections that have metrics even while they are down. */
  readonly declared: () => Iterable<Connection>;
}

const nothing: CharonStatistics = { ikeSas: [], loaded: new Map() };

/** The metrics of charon, under the names that existing dashboards for strongSwan query. */
export class CharonMetrics implements Disposable {
  readonly #options: CharonMetricsOptions;
  readonly #traffic = new TrafficCounters(performance.now());
  #open = false;
  #reading: Promise<string> | undefined;

  constructor(options: CharonMetricsOptions) {
    this.#options = options;
  }

  /** The text of all metrics as of now. Scrapes during a read share its result. */
  text(): Promise<string> {
    return (this.#reading ??= this.#read().finally(() => (this.#reading = undefined)));
  }

  /**
   * Counts the traffic in an event, since no list contains an SA that begins and ends between two
   * scrapes.
   */
  take(event: CharonEvent): void {
    if (event.type === "sas.changed") this.#traffic.take(event.ikeSas, performance.now());
  }

  /** Counts the final counters of an SA that the kernel deleted. */
  takeEnd(end: SaEnd): void {
    this.#traffic.end(end, performance.now());
  }

  [Symbol.dispose](): void {
    this.#options.charon[Symbol.dispose]();
  }

  async #read(): Promise<string> {
    const { charon } = this.#options;
    try {
      if (!this.#open) await charon.open();
      this.#open = true;
      const statistics = await charon.read();
      this.#traffic.take(statistics.ikeSas, performance.now());
      return this.#textOf(statistics, true);
    } catch {
      // The SAs of a charon that does not answer count as down.
      this.#open = false;
      return this.#textOf(nothing, false);
    }
  }

  #textOf(statistics: CharonStatistics, up: boolean): string {
    const { ikeSas, loaded } = statistics;
    const names = namesOf(this.#options.declared(), ikeSas, loaded);
    this.#traffic.keep(new Set(names.keys()));
    const byName = Map.groupBy(ikeSas, ({ connection }) => connection);
    const rows: Rows = { ikes: [], states: [], children: [] };
    for (const [name, children] of names) this.#add(rows, name, children, byName.get(name) ?? []);
    return [
      exposition(upSeries, [{ labels: "", thing: up }]),
      exposition(countSeries, [{ labels: "", thing: statistics }]),
      exposition(connectionLoaded, [...loaded.keys()].map(ofConnection)),
      exposition(childLoaded, [...loaded].flatMap(ofChildren)),
      exposition(stateSeries, rows.states),
      exposition(ikeSeries, rows.ikes),
      exposition(childSeries, rows.children),
    ].join("");
  }

  #add(rows: Rows, name: string, children: Iterable<string>, ikeSas: readonly IkeSa[]) {
    const own = label("ike_name", name);
    const established = ikeSas.filter(isEstablished);
    const ike = newest(established) ?? newest(ikeSas);
    const dupes = Math.max(0, established.length - 1);
    rows.ikes.push({ labels: `{${own}}`, thing: { ike, dupes } });
    for (const state of ikeStates)
      rows.states.push({ labels: `{${own},state="${state}"}`, thing: ike?.state === state });
    const sas = Map.groupBy(
      ikeSas.flatMap((sa) => sa.children).filter(isInstalled),
      ({ name }) => name,
    );
    for (const child of children) {
      const several = sas.get(child) ?? [];
      const carried = this.#traffic.of(name, child);
      const thing = { child: newest(several), dupes: Math.max(0, several.length - 1), carried };
      rows.children.push({ labels: `{${own},${label("child_name", child)}}`, thing });
    }
  }
}

interface Rows {
  readonly ikes: Labelled<IkeRow>[];
  readonly states: Labelled<boolean>[];
  readonly children: Labelled<ChildRow>[];
}

function ofConnection(name: string): Labelled<string> {
  return { labels: `{${label("ike_name", name)}}`, thing: name };
}

function ofChildren([name, children]: readonly [string, readonly string[]]): Labelled<string>[] {
  const own = label("ike_name", name);
  return children.map((child) => ({
    labels: `{${own},${label("child_name", child)}}`,
    thing: child,
  }));
}

/** The newest SA: charon assigns unique ids in ascending order. */
function newest<T extends { readonly uniqueId: string }>(all: readonly T[]): T | undefined {
  if (all.length < 2) return all[0];
  return all.toSorted((a, b) => Number(b.uniqueId) - Number(a.uniqueId))[0];
}

/** Every connection that is declared, loaded or up, by its name in charon, with its children. */
function namesOf(
  declared: Iterable<Connection>,
  ikeSas: readonly IkeSa[],
  loaded: CharonStatistics["loaded"],
): Map<string, Set<string>> {
  const names = new Map<string, Set<string>>();
  const add = (connection: string, children: Iterable<string>) => {
    const known = names.get(connection) ?? new Set();
    for (const child of children) known.add(child);
    names.set(connection, known);
  };
  for (const { name, children } of declared) {
    add(
      name,
      children.flatMap(({ selectorSets }) => selectorSets.map((set) => set.name)),
    );
  }
  for (const [name, children] of loaded) add(name, children);
  for (const { connection, children } of ikeSas) {
    add(
      connection,
      children.map(({ name }) => name),
    );
  }
  return names;
}
