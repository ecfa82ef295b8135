import { Counter, Gauge, type Registry } from "prom-client";
import type { CharonNews } from "../adapters/vici/news.ts";
import type { Connection } from "../model/connection.ts";
import type { CharonFigures, ChildFigures, IkeFigures, SaEnd } from "../model/sa-figures.ts";
import { isEstablished, isInstalled } from "../model/sa.ts";
import { TrafficCounters, type Traffic } from "../model/traffic.ts";
import {
  childSeries,
  ikeSeries,
  type ChildRow,
  type IkeRow,
  type Series,
} from "./charon-series.ts";

/** Where the figures come from: a session of its own, so that nobody waits behind a scrape. */
export interface FiguresPort extends Disposable {
  readonly open: () => Promise<void>;
  readonly figures: () => Promise<CharonFigures>;
}

export interface CharonMetricsOptions {
  readonly charon: FiguresPort;
  readonly registry: Registry;
  /** The connections of which there is to be a figure also while they are down. */
  readonly declared: () => Iterable<Connection>;
}

const nothing: CharonFigures = { ikes: [], loaded: new Map() };

/** IKE SA states, as charon names them. */
const states = [
  "CREATED",
  "CONNECTING",
  "ESTABLISHED",
  "PASSIVE",
  "REKEYING",
  "REKEYED",
  "DELETING",
];

const ofIke = ["ike_name"] as const;
const ofChild = ["ike_name", "child_name"] as const;

/** The metrics of charon, by the names that dashboards for strongSwan know. */
export class CharonMetrics implements Disposable {
  readonly #options: CharonMetricsOptions;
  readonly #traffic = new TrafficCounters(Date.now());
  readonly #up: Gauge;
  readonly #counts: Readonly<Record<CountName, Gauge>>;
  readonly #state: Gauge<"ike_name" | "state">;
  readonly #connectionsLoaded: Gauge<"ike_name">;
  readonly #childrenLoaded: Gauge<"ike_name" | "child_name">;
  readonly #ikes: readonly [Series<IkeRow>, Gauge<"ike_name">][];
  readonly #children: readonly [Series<ChildRow>, Gauge<"ike_name" | "child_name">][];
  readonly #carried: readonly [keyof Traffic, Counter<"ike_name" | "child_name">][];
  #open = false;
  #reading: Promise<void> | undefined;

  constructor(options: CharonMetricsOptions) {
    this.#options = options;
    const registers = [options.registry];
    const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
      new Gauge({ name: `strongswan_${name}`, help, labelNames: [...labelNames], registers });
    this.#up = new Gauge({
      name: "ipman_charon_up",
      help: "1 where charon answered when these figures were read.",
      registers,
    });
    const counts = Object.entries(countHelp).map(([name, help]) => [name, gauge(name, help, [])]);
    this.#counts = Object.fromEntries(counts) as Record<CountName, Gauge>;
    this.#state = gauge("ike_state", "1 for the state that the IKE SA is in.", [...ofIke, "state"]);
    this.#connectionsLoaded = gauge("connections_loaded", "1 where charon has it.", ofIke);
    this.#childrenLoaded = gauge("children_loaded", "1 where charon has it.", ofChild);
    this.#ikes = ikeSeries.map((one) => [one, gauge(one.name, one.help, ofIke)]);
    this.#children = childSeries.map((one) => [one, gauge(one.name, one.help, ofChild)]);
    this.#carried = carriedNames.map(([field, name, help]) => [
      field,
      new Counter({ name: `strongswan_${name}`, help, labelNames: [...ofChild], registers }),
    ]);
  }

  /** Reads everything anew; whoever asks meanwhile gets the same. */
  refresh(): Promise<void> {
    return (this.#reading ??= this.#read().finally(() => (this.#reading = undefined)));
  }

  /** Takes what an event tells: SAs that come and go between two scrapes are in no list. */
  take(news: CharonNews): void {
    if (news.type === "sas.changed") this.#traffic.take(news.figures, Date.now());
  }

  /** Takes the kernel's last word on an SA. */
  takeEnd(end: SaEnd): void {
    this.#traffic.end(end, Date.now());
  }

  [Symbol.dispose](): void {
    this.#options.charon[Symbol.dispose]();
  }

  async #read(): Promise<void> {
    const { charon } = this.#options;
    try {
      if (!this.#open) await charon.open();
      this.#open = true;
      const figures = await charon.figures();
      this.#traffic.take(figures.ikes, Date.now());
      this.#show(figures);
      this.#up.set(1);
    } catch {
      // What does not answer has nothing that is up, as far as anybody can tell.
      this.#open = false;
      this.#show(nothing);
      this.#up.set(0);
    }
  }

  #show({ ikes, loaded }: CharonFigures): void {
    const names = namesOf(this.#options.declared(), ikes, loaded);
    this.#traffic.keep(new Set(names.keys()));
    this.#showLoaded(loaded);
    this.#counts.number_of_known_ikes.set(ikes.length);
    this.#counts.number_of_ikes_connected.set(ikes.filter(isEstablished).length);
    const byName = Map.groupBy(ikes, ({ connection }) => connection);
    for (const metric of [this.#state, ...[...this.#ikes, ...this.#children].map(([, it]) => it)])
      metric.reset();
    for (const [, counter] of this.#carried) counter.reset();
    for (const [name, children] of names)
      this.#showConnection(name, children, byName.get(name) ?? []);
  }

  #showLoaded(loaded: CharonFigures["loaded"]): void {
    this.#connectionsLoaded.reset();
    this.#childrenLoaded.reset();
    for (const [ike_name, children] of loaded) {
      this.#connectionsLoaded.set({ ike_name }, 1);
      for (const child_name of children) this.#childrenLoaded.set({ ike_name, child_name }, 1);
    }
    this.#counts.number_of_connections_loaded.set(loaded.size);
    this.#counts.number_of_children_loaded.set([...loaded.values()].flat().length);
  }

  #showConnection(ike_name: string, children: Iterable<string>, ikes: readonly IkeFigures[]): void {
    const established = ikes.filter(isEstablished);
    const ike = newest(established) ?? newest(ikes);
    const row = { ike, dupes: Math.max(0, established.length - 1) };
    for (const [series, gauge] of this.#ikes) gauge.set({ ike_name }, series.value(row));
    for (const state of states) this.#state.set({ ike_name, state }, ike?.state === state ? 1 : 0);
    const sas = ikes.flatMap((one) => one.children).filter(isInstalled);
    const byName = Map.groupBy(sas, ({ name }) => name);
    for (const name of children) this.#showChild(ike_name, name, byName.get(name) ?? []);
  }

  #showChild(ike_name: string, child_name: string, sas: readonly ChildFigures[]): void {
    const labels = { ike_name, child_name };
    const row = { child: newest(sas), dupes: Math.max(0, sas.length - 1) };
    for (const [series, gauge] of this.#children) gauge.set(labels, series.value(row));
    const carried = this.#traffic.of(ike_name, child_name);
    for (const [field, counter] of this.#carried) counter.inc(labels, carried[field]);
  }
}

const countHelp = {
  number_of_known_ikes: "IKE SAs that charon lists.",
  number_of_ikes_connected: "IKE SAs that are established.",
  number_of_connections_loaded: "Connections that charon has.",
  number_of_children_loaded: "Children of those connections.",
} as const;

type CountName = keyof typeof countHelp;

const carriedNames: readonly [keyof Traffic, name: string, help: string][] = [
  ["bytesIn", "sa_bytes_inbound", "Bytes that came through the child's CHILD SAs."],
  ["packetsIn", "sa_packets_inbound", "Packets that came through the child's CHILD SAs."],
  ["bytesOut", "sa_bytes_outbound", "Bytes that went through the child's CHILD SAs."],
  ["packetsOut", "sa_packets_outbound", "Packets that went through the child's CHILD SAs."],
];

/** Of several, the one that came last: charon counts upwards. */
function newest<T extends { readonly uniqueId: string }>(all: readonly T[]): T | undefined {
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
