import { execFile } from "node:child_process";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { auditTime, firstValueFrom, filter, Subject, timeout } from "rxjs";
import { childSpec, connectionSpec, secret } from "../../lab/sites/manifests.ts";
import { Charon } from "../../src/adapters/vici/charon.ts";
import { StatisticsSession } from "../../src/adapters/vici/statistics-session.ts";
import type { Snapshot } from "../../src/model/api/resource.ts";
import { serveInspector } from "../../src/runtime/inspector/serve.ts";
import { serveMetrics } from "../../src/runtime/metrics/metrics-server.ts";
import { desiredStates } from "../../src/runtime/desired/desired-states.ts";
import { Metrics } from "../../src/runtime/metrics/metrics.ts";
import { statusOf } from "../../src/runtime/status/status.ts";
import { pathSnapshotOf } from "../../src/runtime/actors/snapshots.ts";
import { Supervisor } from "../../src/runtime/supervisor/supervisor.ts";
import { obedientNetwork, simulatedPlacement } from "../../test/simulator/placement.ts";
import { resourceOf } from "../../test/simulator/world.ts";

/**
 * 1,000 connections on a simulated charon. Prints, as JSON, the heap of each connection, the share
 * of a processor while nothing happens, alone and while they are watched, and the time until every
 * actor has a new list of SAs. Its arguments are the path of charon's socket and the number of
 * children of each connection; run it with --expose-gc.
 */
const count = 1_000;
const idleMs = 40_000;
const [, , path = "", childrenEach = "1"] = process.argv;
const width = Number(childrenEach);

function manifests(connections: number): Snapshot {
  const crs = Array.from({ length: connections }, (_, i) => {
    const children = Array.from({ length: width }, (__, k) => {
      const n = width * i + k;
      const network = `10.${(n >> 8) + 16}.${n & 255}`;
      const spec = childSpec(2, {
        name: `child-${n}`,
        if_id: n + 1,
        local_ips: [`${network}.0/24`],
        remote_ips: [`10.1.${n & 255}.0/24`],
        xfrm_ip: `${network}.1/24`,
        vxlan_ip: `${network}.2/24`,
        ip_pools: { primary: [`${network}.3-${network}.9/24`] },
      });
      return [`child-${n}`, spec];
    });
    return resourceOf(connectionSpec(`c${i}`, { children: Object.fromEntries(children) }));
  });
  const keys = Object.fromEntries(crs.map(({ key }) => [key, "a key"]));
  return { resources: [resourceOf(secret(keys)), ...crs], problems: [] };
}

function heap(): number {
  for (let i = 0; i < 4; i++) globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

const metrics = new Metrics();
const lists = new Subject<number>();
const desired = new Subject<Snapshot>();
const charon = new Charon(path);
const failWith = (id: string) => (error: unknown) => {
  throw new Error(`${id} broke down`, { cause: error });
};
const supervisor = new Supervisor({
  charon,
  network: obedientNetwork,
  placement: simulatedPlacement(),
  desired: desiredStates(desired, { report: failWith("manifests") }),
});
supervisor.events.adapterCalls.subscribe(({ name, seconds }) => {
  if (name === "charon.list") lists.next(seconds);
});
supervisor.events.breakdowns.subscribe(({ id, error }) => failWith(id)(error));

const isUp = (connections: number) => {
  const status = statusOf(supervisor).connections;
  const ofChildren = status.flatMap(({ children }) => children);
  return (
    ofChildren.length === width * connections &&
    [...status, ...ofChildren].every(({ state }) => state === "established")
  );
};

/** Declares the connections and returns the heap, in bytes, once all are up and at rest. */
async function heapWith(connections: number): Promise<number> {
  const up = firstValueFrom(
    supervisor.changes.pipe(
      auditTime(200),
      filter(() => isUp(connections)),
      timeout(120_000),
    ),
  );
  desired.next(manifests(connections));
  await up;
  // Objects that were only needed to come up are freed.
  await pause(5_000);
  // As scrapes and reports do, which remember what the last status was made of.
  statusOf(supervisor);
  return heap();
}

metrics.observe({
  running: supervisor,
  events: supervisor.events,
  charon: new StatisticsSession(path, {}, charon),
  network: obedientNetwork,
});
metrics.showManifests();
supervisor.start();
// V8's optimised code does not belong to a connection, so it is created before the comparison.
await heapWith(count);
// The runtime's own heap is part of both measurements.
const few = await heapWith(count / 10);
const heapEach = ((await heapWith(count)) - few) / (count - count / 10);

/** The share of a processor that this process uses until a promise settles. */
async function shareDuring(work: Promise<unknown>): Promise<number> {
  const cpu = process.cpuUsage();
  const since = performance.now();
  await work;
  const used = process.cpuUsage(cpu);
  return (used.user + used.system) / 1_000 / (performance.now() - since);
}

const idleShare = await shareDuring(pause(idleMs));

interface Watched {
  readonly scrapes: readonly number[];
  readonly scraped: number;
  readonly received: number;
}

/** The same during scrapes and with an open inspector. */
async function watched(): Promise<Watched & { readonly watchedShare: number }> {
  const address = "127.0.0.1:19740";
  await using _metrics = await serveMetrics(address, metrics);
  await using inspector = await serveInspector("127.0.0.1:0", supervisor);
  const program = join(import.meta.dirname, "watcher.ts");
  const urls = [`http://${address}/metrics`, inspector.url];
  const watching = promisify(execFile)(process.execPath, [program, ...urls, String(idleMs)]);
  const watchedShare = await shareDuring(watching);
  return { ...(JSON.parse((await watching).stdout) as Watched), watchedShare };
}
const watching = await watched();

const resyncs: number[] = [];
for (let i = 0; i < 5; i++) {
  const asked = performance.now();
  // A rekey's event requests a list, like every event of SAs.
  const root = supervisor.roots.get("c0")?.getSnapshot();
  const [sa] = (root && pathSnapshotOf(root)?.context.ikeSas) ?? [];
  const next = firstValueFrom(lists);
  await charon.rekeyChildSa(sa?.children[0]?.uniqueId ?? "");
  await next;
  resyncs.push(performance.now() - asked);
}
process.stdout.write(`${JSON.stringify({ heapEach, idleShare, resyncs, ...watching })}\n`);
process.exit();
