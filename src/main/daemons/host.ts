import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "pino";
import { delayWhen, map, type Observable, Subscription } from "rxjs";
import type { ControlHandler } from "../../adapters/control/server.ts";
import { ControlServer } from "../../adapters/control/server.ts";
import { endpointCodec, type HostWorker } from "../../adapters/host/endpoints.ts";
import { Fabric, fabricUplink } from "../../adapters/host/fabric.ts";
import { findEndpoints } from "../../adapters/host/found-endpoints.ts";
import { namespaceChanges } from "../../adapters/host/namespace-changes.ts";
import { ensureOwnNamespace, removeOwnNamespace } from "../../adapters/host/own-namespace.ts";
import { SegmentKeyFile } from "../../adapters/host/segment-key-file.ts";
import { StateFile } from "../../adapters/files/state-file.ts";
import { watchFolder } from "../../adapters/manifests/watch.ts";
import { Poller } from "../../adapters/linux/poller.ts";
import { Charon } from "../../adapters/vici/charon.ts";
import { StatisticsSession, readStatistics } from "../../adapters/vici/statistics-session.ts";
import { networkOf } from "../../model/net/prefix.ts";
import { containStreams } from "../../runtime/actors/contained.ts";
import { supervisorControl } from "../../runtime/control/supervisor-control.ts";
import { desiredStates } from "../../runtime/desired/desired-states.ts";
import { attach, type AttachPorts } from "../../runtime/host/attach.ts";
import { gatewayHas } from "../../runtime/host/gateway-has.ts";
import type { AttachRequest } from "../../runtime/host/attach-request.ts";
import { fabricNetwork } from "../../runtime/host/fabric-network.ts";
import { HostPlacement } from "../../runtime/host/host-placement.ts";
import { reattach } from "../../runtime/host/reattach.ts";
import { KernelExaminer } from "../../runtime/kernel/kernel-examiner.ts";
import { KernelNetwork } from "../../runtime/kernel/kernel-network.ts";
import { logChanges, logEvents, logTrouble } from "../../runtime/logs/log.ts";
import { loggerOf, type LogSettings } from "../../runtime/logs/logger.ts";
import { LogBuffer } from "../../runtime/logs/log-buffer.ts";
import { Metrics } from "../../runtime/metrics/metrics.ts";
import { Supervisor } from "../../runtime/supervisor/supervisor.ts";
import { controlSocket, whileScraped } from "../options/defaults.ts";
import { breakdownReporter } from "./breakdown-reporter.ts";
import { logMissingFilters } from "./missing-filters.ts";
import { isDiskFailure, servedAnyway } from "./served-anyway.ts";
import { servePages } from "./serve-pages.ts";

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
  readonly log: LogSettings;
}

/** A running host. */
export interface Host {
  /** Ends the host's runtime; with `teardown` the tunnels end too. */
  readonly stop: (why: string, teardown: boolean) => Promise<void>;
}

/** Builds the ports and runs a supervisor on them. */
export async function startHost(options: HostOptions): Promise<Host> {
  const logBuffer = new LogBuffer();
  const log = loggerOf(options.log, logBuffer);
  const resources = new AsyncDisposableStack();
  try {
    const { supervisor, placement } = await build(options, { log, logBuffer }, resources);
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
  readonly logBuffer: LogBuffer;
}

/** Creates the parts in the order in which they depend on each other. */
async function build(options: HostOptions, logging: Logging, resources: AsyncDisposableStack) {
  const { folder, stateFolder, vici, vxlanPort } = options;
  const { log, logBuffer } = logging;
  const metrics = resources.use(new Metrics());
  const onTrouble = (error: unknown) => logTrouble(log, error);
  const onBreakdown = breakdownReporter(log, metrics);
  containStreams(onBreakdown);
  const fabric = networkOf(fabricNetwork(options.fabric));
  const desired = desiredStates(watchFolder(folder), {
    outside: [fabric],
    report: (error) => onBreakdown("manifests", error),
  });
  const poller = resources.use(new Poller());
  const charon = new Charon(vici);
  createFolder(stateFolder, onTrouble);
  const keyFile = new SegmentKeyFile(join(stateFolder, "segment.key"), onTrouble);
  const network = new KernelNetwork({
    poller,
    vxlanPort,
    segmentKey: keyFile.key,
    charon: () => charon.process,
  });
  const placement = resources.use(placementOf(options, onTrouble));
  const supervisor = new Supervisor({
    charon,
    network,
    placement,
    desired,
    state: {
      get problem() {
        return placement.problem ?? keyFile.problem;
      },
    },
    alwaysFollowLog: log.isLevelEnabled("debug"),
  });
  metrics.observe({
    running: supervisor,
    events: supervisor.events,
    charon: new StatisticsSession(vici, whileScraped, charon),
    network,
  });
  metrics.showManifests();
  metrics.showStateWrites(placement.writes);
  const ports = { desired, placement, network };
  const shown = supervisorControl(supervisor, examinerOf(options, network, poller), logBuffer);
  const control = withAttach(shown, (request) =>
    attach(ports, request).pipe(
      delayWhen(({ worker }) => gatewayHas(supervisor, worker)),
      map(({ address }) => ({ address })),
    ),
  );
  resources.use(await serveControl(options, control, { placement, keyFile, onTrouble }));
  await servePages(options, { supervisor, metrics, log }, resources);
  start({ supervisor, ports, keyFile }, logging, resources);
  return { supervisor, placement };
}

interface Startable {
  readonly supervisor: Supervisor;
  readonly ports: AttachPorts;
  readonly keyFile: SegmentKeyFile;
}

/** Starts the supervisor and what accompanies it. */
function start(
  { supervisor, ports, keyFile }: Startable,
  { log, logBuffer }: Logging,
  resources: AsyncDisposableStack,
): void {
  const subscriptions = new Subscription();
  resources.defer(() => subscriptions.unsubscribe());
  subscriptions.add(logEvents(log, logBuffer, supervisor.events));
  subscriptions.add(logChanges(log, supervisor));
  subscriptions.add(namespaceChanges().subscribe(() => ports.placement.check()));
  resources.use(supervisor);
  supervisor.start();
  subscriptions.add(
    reattach(ports, {
      haveOtherSecrets: keyFile.isNew,
      onAttached: ({ netns }, { address }) => log.info({ netns, address }, "attached again"),
      onTrouble: (error) => logTrouble(log, error),
    }),
  );
}

interface StateParts {
  readonly placement: HostPlacement;
  readonly keyFile: SegmentKeyFile;
  readonly onTrouble: (error: unknown) => void;
}

/** Serves the control socket, and restores the state folder if another program removes it. */
function serveControl(
  { stateFolder }: HostOptions,
  handler: ControlHandler,
  { placement, keyFile, onTrouble }: StateParts,
): Promise<AsyncDisposable> {
  const path = controlSocket(stateFolder);
  let isRemoved = false;
  const listen = async () => {
    createFolder(stateFolder, onTrouble);
    const server = await ControlServer.listen(path, handler);
    // Only now: another ipman may have begun to use the folder.
    if (isRemoved) keyFile.restore();
    if (isRemoved) placement.store();
    isRemoved = false;
    return server;
  };
  const onRemoved = () => {
    isRemoved = true;
    onTrouble(
      new Error(`another program removed ${path}; ipman restores it and the files beside it`),
    );
  };
  const removal = { isPresent: (server: ControlServer) => server.isPresent, onRemoved };
  return servedAnyway({ listen, mayPass: isDiskFailure, onTrouble, removal });
}

/** Adds the operation `attach`, which only a host has. */
function withAttach(
  others: ControlHandler,
  attachTo: (request: AttachRequest) => Observable<unknown>,
): ControlHandler {
  return (request) =>
    request.op === "attach" ? attachTo(request as unknown as AttachRequest) : others(request);
}

function examinerOf({ vici }: HostOptions, network: KernelNetwork, poller: Poller): KernelExaminer {
  return new KernelExaminer({
    network,
    poller,
    statistics: () => readStatistics(vici, whileScraped),
    worker: (placed, known) => {
      // Every worker of a host is a namespace of this host.
      const worker = known as HostWorker;
      return { netns: worker.netns, plan: network.workerPlan(placed, worker, fabricUplink) };
    },
  });
}

/** Creates the state folder if it is missing; a full disk is reported. */
function createFolder(folder: string, onTrouble: (error: unknown) => void): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    if (!isDiskFailure(error)) throw error;
    onTrouble(error);
  }
}

function placementOf(
  { stateFolder, fabric }: HostOptions,
  onTrouble: (error: unknown) => void,
): HostPlacement {
  const network = fabricNetwork(fabric);
  return new HostPlacement({
    file: new StateFile(join(stateFolder, "endpoints.json"), endpointCodec),
    fabric: new Fabric(network),
    namespaces: { ensure: ensureOwnNamespace, remove: removeOwnNamespace },
    find: () => findEndpoints(network, onTrouble),
    network,
    onTrouble,
  });
}
