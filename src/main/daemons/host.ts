import { watch, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "pino";
import {
  catchError,
  defer,
  EMPTY,
  interval,
  map,
  merge,
  Observable,
  of,
  retry,
  Subscription,
  switchMap,
  throwError,
  timer,
} from "rxjs";
import type { ControlRequest } from "../../adapters/control/protocol.ts";
import { ControlServer } from "../../adapters/control/server.ts";
import { endpointCodec, type HostWorker } from "../../adapters/host/endpoints.ts";
import { Fabric, fabricUplink } from "../../adapters/host/fabric.ts";
import { segmentKeyFrom } from "../../adapters/host/segment-key-file.ts";
import { StateFile } from "../../adapters/files/state-file.ts";
import { watchFolder } from "../../adapters/manifests/watch.ts";
import { applyPlan } from "../../adapters/network/apply-plan.ts";
import { netnsFolder } from "../../adapters/linux/namespace.ts";
import { Poller } from "../../adapters/linux/poller.ts";
import { Charon } from "../../adapters/vici/charon.ts";
import { readStatistics, StatisticsSession } from "../../adapters/vici/statistics-session.ts";
import { formatPrefix } from "../../model/net/prefix.ts";
import { containStreams } from "../../runtime/actors/contained.ts";
import { HostExaminer } from "../../runtime/kernel/host-examiner.ts";
import { HostNetwork } from "../../runtime/kernel/host-network.ts";
import type { AttachRequest } from "../../runtime/host/attach-request.ts";
import { fabricNetwork, HostPlacement } from "../../runtime/host/host-placement.ts";
import { loggerOf } from "../../runtime/logs/logger.ts";
import { logChanges, logTrouble } from "../../runtime/logs/log.ts";
import { Metrics } from "../../runtime/metrics/metrics.ts";
import { observers } from "../../runtime/control/observers.ts";
import { serveInspector } from "../../runtime/inspector/serve.ts";
import { serveMetrics } from "../../runtime/metrics/metrics-server.ts";
import { Recent } from "../../runtime/logs/recent.ts";
import { Refusal } from "../../runtime/ports/refusal.ts";
import { supervisorControl } from "../../runtime/control/supervisor-control.ts";
import { Supervisor } from "../../runtime/supervisor/supervisor.ts";
import { controlSocket, whileScraped } from "../options/defaults.ts";
import { logMissingFilters } from "./missing-filters.ts";
import { isDiskFailure, servedAnyway } from "./served-anyway.ts";

export interface HostOptions {
  readonly folder: string;
  readonly vici: string;
  readonly stateFolder: string;
  /** `host:port` or `off`. */
  readonly metrics: string;
  /** `host:port` or `off`. */
  readonly inspect: string;
  readonly fabric: string;
  readonly vxlanPort: number;
  readonly logLevel: string;
}

/** A running host. */
export interface Host {
  /** Ends it; with `teardown` the tunnels end too. */
  readonly stop: (why: string, teardown: boolean) => Promise<void>;
}

const attachRetryMs = 50;
const attachAttempts = 100;
const placementCheckMs = 5_000;

/** Builds the ports and runs a supervisor on them. */
export async function startHost(options: HostOptions): Promise<Host> {
  const recent = new Recent();
  const log = loggerOf(options.logLevel, recent);
  const resources = new AsyncDisposableStack();
  try {
    const { supervisor, placement } = await build(options, { log, recent }, resources);
    log.info({ folder: options.folder, vici: options.vici }, "ipman runs");
    logMissingFilters(log);
    return {
      stop: async (why, teardown) => {
        log.info({ why, teardown }, teardown ? "ending, with the tunnels" : "ending; tunnels stay");
        if (teardown) await supervisor.teardown();
        await resources.disposeAsync();
        if (teardown) placement.removeAll();
      },
    };
  } catch (error) {
    await resources.disposeAsync();
    throw error;
  }
}

interface Logging {
  readonly log: Logger;
  /** The last of it. */
  readonly recent: Recent;
}

async function build(
  options: HostOptions,
  { log, recent }: Logging,
  resources: AsyncDisposableStack,
) {
  const metrics = resources.use(new Metrics());
  const poller = resources.use(new Poller());
  const charon = new Charon(options.vici);
  const { vxlanPort } = options;
  const onTrouble = (error: unknown) => logTrouble(log, error);
  const segmentKey = segmentKeyFrom(join(options.stateFolder, "segment.key"), onTrouble);
  const network = new HostNetwork({ poller, vxlanPort, segmentKey, charon: () => charon.process });
  const placement = resources.use(placementOf(options, onTrouble));
  const observed = observers(log, metrics, recent);
  containStreams(observed.onBreakdown);
  const supervisor = new Supervisor({
    charon,
    network,
    placement,
    desired: watchFolder(options.folder),
    stateWrites: placement.writes,
    ...observed,
  });
  const examiner = examinerOf(options, network, poller);
  const parts = { supervisor, examiner, recent, placement, network };
  resources.use(await controlServer(options.stateFolder, parts, onTrouble));
  if (options.metrics !== "off") resources.use(await serveMetrics(options.metrics, metrics));
  if (options.inspect !== "off") {
    const { url } = resources.use(await serveInspector(options.inspect, supervisor));
    log.info({ url }, "the state machines can be looked at");
  }
  showMetrics(metrics, options, { supervisor, network, charon, placement });
  const subscriptions = new Subscription();
  resources.defer(() => subscriptions.unsubscribe());
  subscriptions.add(logChanges(log, supervisor));
  subscriptions.add(namespaceChanges().subscribe(() => placement.check()));
  resources.use(supervisor);
  supervisor.start();
  return { supervisor, placement };
}

interface Observed {
  readonly supervisor: Supervisor;
  readonly network: HostNetwork;
  readonly charon: Charon;
  readonly placement: HostPlacement;
}

function showMetrics(
  metrics: Metrics,
  { vici }: HostOptions,
  { supervisor, network, charon, placement }: Observed,
): void {
  metrics.observe(supervisor, new StatisticsSession(vici, whileScraped, charon), network);
  metrics.showDocuments();
  metrics.showStateWrites(placement.writes);
}

function examinerOf({ vici }: HostOptions, network: HostNetwork, poller: Poller): HostExaminer {
  return new HostExaminer({
    network,
    poller,
    statistics: () => readStatistics(vici, whileScraped),
    worker: (placed, one) => {
      // On a host every worker is one of its own.
      const worker = one as HostWorker;
      return { netns: worker.netns, plan: network.workerPlan(placed, worker, fabricUplink) };
    },
  });
}

/** Remembers its endpoints in the state folder, which is made for it. */
function placementOf(
  { stateFolder, fabric }: HostOptions,
  onTrouble: (error: unknown) => void,
): HostPlacement {
  try {
    mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
  } catch (error) {
    if (!isDiskFailure(error)) throw error;
    onTrouble(error);
  }
  const file = new StateFile(join(stateFolder, "endpoints.json"), endpointCodec);
  const network = fabricNetwork(fabric);
  return new HostPlacement({ file, fabric: new Fabric(network), network, onTrouble });
}

interface ControlParts {
  readonly supervisor: Supervisor;
  readonly examiner: HostExaminer;
  readonly recent: Recent;
  readonly placement: HostPlacement;
  readonly network: HostNetwork;
}

function controlServer(
  stateFolder: string,
  parts: ControlParts,
  onTrouble: (error: unknown) => void,
): Promise<AsyncDisposable> {
  const path = controlSocket(stateFolder);
  return servedAnyway(() => ControlServer.listen(path, controlHandler(parts)), onTrouble);
}

function controlHandler(parts: ControlParts) {
  const { supervisor, examiner, recent } = parts;
  const shown = supervisorControl(supervisor, examiner, recent);
  return (request: ControlRequest): Observable<unknown> => {
    if (request.op !== "attach") return shown(request);
    const wish = request as unknown as AttachRequest;
    return parts.placement
      .placed(wish, supervisor.desired.connections)
      .pipe(switchMap(() => soon(() => attach(parts, wish))));
  };
}

/** Tries again while it fails for what passes by itself: charon is about to be there, say. */
function soon<T>(attempt: () => T): Observable<T> {
  const again = (error: unknown) =>
    error instanceof Refusal && error.failure.retryable
      ? timer(attachRetryMs)
      : throwError(() => error);
  return defer(() => of(attempt())).pipe(retry({ count: attachAttempts, delay: again }));
}

/** Puts a workload behind a child; the process that asks starts faster for doing nothing itself. */
function attach({ supervisor, placement, network }: ControlParts, request: AttachRequest) {
  const made = placement.attach(request, supervisor.desired.connections);
  const connection = supervisor.desired.connections.get(made.worker.connection);
  if (connection === undefined) throw new Error("the connection went while it was attached to");
  const { worker } = made;
  const plan = network.workerPlan({ ...made, connection }, worker, fabricUplink);
  applyPlan({ namespace: worker.netns }, plan);
  return { address: formatPrefix(worker.address) };
}

/** Namespaces that come and go, by event; and now and then, should one be missed. */
function namespaceChanges(): Observable<void> {
  const events = new Observable<void>((subscriber) => {
    // Whoever makes the first named namespace would make it; it is to be watched before.
    mkdirSync(netnsFolder, { recursive: true });
    const watcher = watch(netnsFolder, () => subscriber.next());
    watcher.on("error", (error) => subscriber.error(error));
    return () => watcher.close();
  });
  // Without inotify watches to be had, looking now and then has to do.
  return merge(
    events.pipe(catchError(() => EMPTY)),
    interval(placementCheckMs).pipe(map(() => undefined)),
  );
}
