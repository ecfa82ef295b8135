import type { CharonNews } from "../../adapters/vici/news.ts";
import type { Connection } from "../../model/api/connection.ts";
import type { CharonFigures, IkeFigures, SaEnd } from "../../model/charon/sa-figures.ts";
import { isEstablished, isInstalled } from "../../model/charon/sa.ts";
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

/** Where the figures come from: a session of its own, so that nobody waits behind a scrape. */
export interface FiguresPort extends Disposable {
  readonly open: () => Promise<void>;
  readonly figures: () => Promise<CharonFigures>;
}

export interface CharonMetricsOptions {
  readonly charon: FiguresPort;
  /** The connections of which there is to be a figure also while they are down. */
  readonly declared: () => Iterable<Connection>;
}

const nothing: CharonFigures = { ikes: [], loaded: new Map() };

/** The metrics of charon, by the names that dashboards for strongSwan know. */
export class CharonMetrics implements Disposable {
  readonly #options: CharonMetricsOptions;
  readonly #traffic = new TrafficCounters(performance.now());
  #open = false;
  #reading: Promise<string> | undefined;

  constructor(options: CharonMetricsOptions) {
    this.#options = options;
  }

  /** Everything, read anew, as a scrape takes it; whoever asks meanwhile gets the same. */
  text(): Promise<string> {
    return (this.#reading ??= this.#read().finally(() => (this.#reading = undefined)));
  }

  /** Takes what an event tells: SAs that come and go between two scrapes are in no list. */
  take(news: CharonNews): void {
    if (news.type === "sas.changed") this.#traffic.take(news.figures, performance.now());
  }

  /** Takes the kernel's last word on an SA. */
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
      const figures = await charon.figures();
      this.#traffic.take(figures.ikes, performance.now());
      return this.#textOf(figures, true);
    } catch {
      // What does not answer has nothing that is up, as far as anybody can tell.
      this.#open = false;
      return this.#textOf(nothing, false);
    }
  }

  #textOf(figures: CharonFigures, up: boolean): string {
    const { ikes, loaded } = figures;
    const names = namesOf(this.#options.declared(), ikes, loaded);
    this.#traffic.keep(new Set(names.keys()));
    const byName = Map.groupBy(ikes, ({ connection }) => connection);
    const rows: Rows = { ikes: [], states: [], children: [] };
    for (const [name, children] of names) this.#add(rows, name, children, byName.get(name) ?? []);
    return [
      exposition(upSeries, [{ labels: "", thing: up }]),
      exposition(countSeries, [{ labels: "", thing: figures }]),
      exposition(connectionLoaded, [...loaded.keys()].map(ofConnection)),
      exposition(childLoaded, [...loaded].flatMap(ofChildren)),
      exposition(stateSeries, rows.states),
      exposition(ikeSeries, rows.ikes),
      exposition(childSeries, rows.children),
    ].join("");
  }

  #add(rows: Rows, name: string, children: Iterable<string>, ikes: readonly IkeFigures[]) {
    const own = label("ike_name", name);
    const established = ikes.filter(isEstablished);
    const ike = newest(established) ?? newest(ikes);
    const dupes = Math.max(0, established.length - 1);
    rows.ikes.push({ labels: `{${own}}`, thing: { ike, dupes } });
    for (const state of ikeStates)
      rows.states.push({ labels: `{${own},state="${state}"}`, thing: ike?.state === state });
    const sas = Map.groupBy(
      ikes.flatMap((one) => one.children).filter(isInstalled),
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

/** Of several, the one that came last: charon counts upwards. */
function newest<T extends { readonly uniqueId: string }>(all: readonly T[]): T | undefined {
  if (all.length < 2) return all[0];
  return all.toSorted((a, b) => Number(b.uniqueId) - Number(a.uniqueId))[0];
}

/** Every connection by its name in charon, with its children: declared, loaded or up. */
function namesOf(
  declared: Iterable<Connection>,
  ikes: readonly IkeFigures[],
  loaded: CharonFigures["loaded"],
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
      children.map(({ key }) => key),
    );
  }
  for (const [name, children] of loaded) add(name, children);
  for (const { connection, children } of ikes) {
    add(
      connection,
      children.map(({ name }) => name),
    );
  }
  return names;
}
