import type { ConnectionActor } from "../../machines/connection/connection.ts";
import type { Child, Connection } from "../../model/api/connection.ts";
import type { ChildSa } from "../../model/charon/sa.ts";
import { failure, Reason, type Failure } from "../../model/status/failure.ts";
import { childCounters, type KernelCounters } from "../../model/traffic/sa-counters.ts";
import {
  trafficDoubt,
  trafficEvidence,
  type TrafficDoubt,
  type TrafficEvidence,
} from "../../model/traffic/traffic-evidence.ts";
import { truncationRemedy } from "../../model/traffic/truncation.ts";
import { publicStateOf } from "../../model/status/public-state.ts";
import { childSnapshotOf } from "../actors/snapshots.ts";
import { isUp } from "../conditions/conditions.ts";
import type { TrafficStates } from "../ports/running.ts";
import { CounterLooks, type CounterPorts } from "./counter-looks.ts";

export interface TrafficWatchOptions extends CounterPorts {
  /** The actor of a connection, by the connection's id. */
  readonly rootOf: (id: string) => ConnectionActor | undefined;
  /** Called after the counters gave or ended a doubt. */
  readonly changed: () => void;
}

/** A child that is up. */
interface UpChild {
  readonly child: Child;
  readonly sas: readonly ChildSa[];
  /** Identifies the SAs: a rekey changes it. */
  readonly saIds: string;
}

/** The conclusions about the traffic of a child that is up. */
interface ChildVerdict {
  readonly evidence: TrafficEvidence | undefined;
  readonly doubt: TrafficDoubt | undefined;
  readonly failure: Failure | undefined;
  /** The SAs through which a packet of the peer came. */
  readonly provenSas: string;
}

type WatchedChild = UpChild & ChildVerdict;

/** Milliseconds between looks at the kernel, which double while nothing changes. */
const firstMs = 5_000;
const mostMs = 60_000;

const noFailures: readonly undefined[] = [];
const noChildren: ReadonlyMap<string, WatchedChild> = new Map();
const noVerdict: ChildVerdict = {
  evidence: undefined,
  doubt: undefined,
  failure: undefined,
  provenSas: "",
};

/**
 * Watches whether packets come back through the CHILD SAs. A child whose present SAs have received
 * a packet is not looked at again before its next rekey, so tunnels with traffic cost nothing.
 */
export class TrafficWatch implements TrafficStates, Disposable {
  readonly #options: TrafficWatchOptions;
  /** The children that are up, by connection and key. */
  readonly #watched = new Map<string, ReadonlyMap<string, WatchedChild>>();
  readonly #looks: CounterLooks;

  constructor(options: TrafficWatchOptions) {
    this.#options = options;
    this.#looks = new CounterLooks({
      ...options,
      isNeeded: () => this.#open().length > 0,
      look: (byIfId) => this.#look(byIfId),
    });
  }

  of({ id, children }: Connection): readonly (Failure | undefined)[] {
    const own = this.#watched.get(id);
    return own === undefined ? noFailures : children.map(({ key }) => own.get(key)?.failure);
  }

  /** Takes the present states of a connection's children: which are up, and with which SAs. */
  update(id: string): void {
    const before = this.#watched.get(id) ?? noChildren;
    const after = new Map<string, WatchedChild>();
    for (const up of childrenUp(this.#options.rootOf(id)))
      after.set(up.child.key, { ...noVerdict, ...before.get(up.child.key), ...up });
    if (after.size > 0) this.#watched.set(id, after);
    else this.#watched.delete(id);
    const isNew = ([key, { saIds }]: [string, UpChild]) => before.get(key)?.saIds !== saIds;
    if ([...after].some(isNew)) this.#looks.restart(firstMs);
  }

  [Symbol.dispose](): void {
    this.#looks[Symbol.dispose]();
  }

  #look(byIfId: ReadonlyMap<number, readonly KernelCounters[]>): void {
    this.#looks.waitMs = Math.min(2 * this.#looks.waitMs, mostMs);
    let isChanged = false;
    for (const [id, watched] of this.#open()) {
      const own = byIfId.get(watched.child.ifId);
      if (own === undefined) continue;
      const next = judged(watched, own);
      this.#watched.set(id, new Map(this.#watched.get(id)).set(watched.child.key, next));
      if (isProgress(watched, next)) this.#looks.waitMs = firstMs;
      isChanged ||= next.failure !== watched.failure;
    }
    if (isChanged) this.#options.changed();
  }

  /** The children without a proof that the peer's packets come through their present SAs. */
  #open(): [id: string, watched: WatchedChild][] {
    return [...this.#watched].flatMap(([id, children]) =>
      [...children.values()]
        .filter(({ saIds, provenSas }) => saIds !== provenSas)
        .map((watched): [string, WatchedChild] => [id, watched]),
    );
  }
}

function childrenUp(root: ConnectionActor | undefined): UpChild[] {
  if (root === undefined) return [];
  const connection = root.getSnapshot();
  return connection.context.connection.children.flatMap(({ key }) => {
    const snapshot = childSnapshotOf(connection, key);
    if (snapshot === undefined || !isUp(publicStateOf(snapshot))) return [];
    const { child, sas } = snapshot.context;
    if (sas.length === 0) return [];
    return [{ child, sas, saIds: sas.map(({ uniqueId }) => uniqueId).join(" ") }];
  });
}

function judged(watched: WatchedChild, counters: readonly KernelCounters[]): WatchedChild {
  const now = performance.now();
  const sums = childCounters(counters, watched.sas);
  const evidence = trafficEvidence(watched.evidence, sums, now);
  const doubt = trafficDoubt(evidence, now);
  return {
    ...watched,
    evidence,
    doubt,
    failure: doubt === watched.doubt ? watched.failure : failureOf(doubt, watched),
    provenSas: sums.packetsIn > 0 ? watched.saIds : watched.provenSas,
  };
}

/** Whether another look soon may decide more than the last one. */
function isProgress(before: ChildVerdict, after: ChildVerdict): boolean {
  return (
    before.doubt !== after.doubt || before.evidence?.sendingSince !== after.evidence?.sendingSince
  );
}

function failureOf(
  doubt: TrafficDoubt | undefined,
  { child, sas }: WatchedChild,
): Failure | undefined {
  if (doubt === undefined) return undefined;
  if (doubt === "nothing received") {
    const message = `packets leave through ${child.key}, and none has come back since it came up`;
    return failure(Reason.NothingReceived, message);
  }
  const remedy = truncationRemedy(child, sas) ?? "compare the ESP algorithms of both sides";
  const message = `every ESP packet that the peer sends for ${child.key} fails the integrity check`;
  return failure(Reason.IntegrityMismatch, `${message}: ${remedy}`);
}
