import { dirname } from "node:path";
import type { Logger } from "pino";
import type { Observable, Subscription } from "rxjs";
import { ControlServer } from "../../adapters/control/server.ts";
import { ContainerRuntime } from "../../adapters/cri/sandbox.ts";
import { ClusterKey } from "../../adapters/kubernetes/cluster-key.ts";
import { Declared } from "../../adapters/kubernetes/declared.ts";
import { EventRecorder } from "../../adapters/kubernetes/events.ts";
import { KubeClient } from "../../adapters/kubernetes/client/kube-client.ts";
import { podsWithAddress } from "../../adapters/kubernetes/live-pods.ts";
import { NamedSecrets } from "../../adapters/kubernetes/named-secrets.ts";
import { ObjectStore } from "../../adapters/kubernetes/client/object-store.ts";
import type { Wanted } from "../../adapters/kubernetes/client/watch.ts";
import { Poller } from "../../adapters/linux/poller.ts";
import { Charon } from "../../adapters/vici/charon.ts";
import { readStatistics, StatisticsSession } from "../../adapters/vici/statistics-session.ts";
import type { CharonSettings } from "../../model/charon/charon-settings.ts";
import { digestOf } from "../../model/api/group.ts";
import { label } from "../../model/kubernetes/labels.ts";
import type { Prefix } from "../../model/net/prefix.ts";
import type { SegmentKey } from "../../model/network/segment-key.ts";
import { trimmedPod, type Pod } from "../../model/kubernetes/worker-pod.ts";
import { AgentPlacement } from "../../runtime/agent/agent-placement.ts";
import { AgentReporter } from "../../runtime/agent/agent-reporter.ts";
import { agentDesired } from "../../runtime/agent/agent-desired.ts";
import { reportsPods } from "../../runtime/agent/reports-pods.ts";
import { backgroundWrites } from "../../runtime/kubernetes/writes.ts";
import { containStreams, type OnBreakdown } from "../../runtime/actors/contained.ts";
import type { Examiner } from "../../runtime/diagnosis/examiner.ts";
import { KernelExaminer } from "../../runtime/kernel/kernel-examiner.ts";
import { KernelNetwork } from "../../runtime/kernel/kernel-network.ts";
import { serveInspector } from "../../runtime/inspector/serve.ts";
import { loggerOf, type LogSettings } from "../../runtime/logs/logger.ts";
import { logChanges, logEvents } from "../../runtime/logs/log.ts";
import { TroubleLog } from "../../runtime/logs/trouble-log.ts";
import { Metrics } from "../../runtime/metrics/metrics.ts";
import { serveMetrics } from "../../runtime/metrics/metrics-server.ts";
import { desiredStates } from "../../runtime/desired/desired-states.ts";
import type { DesiredState } from "../../runtime/desired/desired-state.ts";
import { LogBuffer } from "../../runtime/logs/log-buffer.ts";
import { supervisorControl } from "../../runtime/control/supervisor-control.ts";
import { Supervisor } from "../../runtime/supervisor/supervisor.ts";
import { controlSocket, whileScraped } from "../options/defaults.ts";
import { breakdownReporter } from "./breakdown-reporter.ts";
import { joinPeers, type Peering, type PeeringParts } from "./join-peers.ts";
import { logMissingFilters, logMissingReception } from "./missing-filters.ts";
import { NodeFiles } from "../../runtime/agent/node-files.ts";

export interface AgentOptions {
  readonly groupId: string;
  readonly hostNetwork: boolean;
  readonly requireSecretConsent: boolean;
  /** Whether gateways forward the ports of Services. */
  readonly services: boolean;
  readonly kubeconfig: string | undefined;
  readonly vici: string;
  readonly nodeRun: string;
  readonly listen: string;
  /** `host:port` or `off`. */
  readonly inspect: string;
  readonly vxlanPort: number;
  /** Networks that stay outside of tunnels. */
  readonly clusterNetworks: readonly Prefix[];
  readonly charonSettings: CharonSettings;
  readonly log: LogSettings;
}

/** A running agent. */
export interface RunningAgent {
  /** Ends it; tunnels and devices stay. */
  readonly stop: (why: string) => Promise<void>;
}

/** Workers set their own, in their pods; those of gateways have no hashes. */
const gatewayRulesAlone = "";

/** Builds the ports of a cluster's node and runs a supervisor on them. */
export async function startAgent(options: AgentOptions): Promise<RunningAgent> {
  const logBuffer = new LogBuffer();
  const log = loggerOf(options.log, logBuffer);
  const resources = new AsyncDisposableStack();
  let peering: Peering;
  try {
    peering = await new AgentParts(options, { log, logBuffer }, resources).start();
    log.info({ group: options.groupId }, "ipman agent runs");
    logMissingFilters(log, gatewayRulesAlone);
    logMissingReception(log);
  } catch (error) {
    await resources.disposeAsync();
    throw error;
  }
  return {
    stop: async (why) => {
      log.info({ why }, "ending; tunnels stay");
      await peering.untilLeft();
      await resources.disposeAsync();
    },
  };
}

class AgentParts {
  readonly #options: AgentOptions;
  readonly #log: Logger;
  readonly #logBuffer: LogBuffer;
  readonly #resources: AsyncDisposableStack;
  readonly #client: KubeClient;
  readonly #metrics: Metrics;
  readonly #onTrouble: (error: unknown) => void;
  readonly #onBreakdown: OnBreakdown;

  constructor(
    options: AgentOptions,
    { log, logBuffer }: { readonly log: Logger; readonly logBuffer: LogBuffer },
    resources: AsyncDisposableStack,
  ) {
    this.#options = options;
    this.#log = log;
    this.#logBuffer = logBuffer;
    this.#resources = resources;
    const metrics = resources.use(new Metrics());
    this.#metrics = metrics;
    this.#client = resources.use(
      KubeClient.connect(options.kubeconfig, (name, seconds, failed) =>
        metrics.adapterCall({ name, seconds, failed }),
      ),
    );
    const troubles = new TroubleLog(log);
    this.#onTrouble = (error) => troubles.take(error);
    this.#onBreakdown = breakdownReporter(log, metrics);
  }

  async start(): Promise<Peering> {
    const resources = this.#resources;
    const declared = resources.use(new Declared(this.#client, { onTrouble: this.#onTrouble }));
    const ofGroup = `${label.type}=xfrm,${label.groupId}=${digestOf([this.#options.groupId])}`;
    const gateways = this.#pods(podsWithAddress(ofGroup, this.#client.namespace));
    const workers = this.#pods(podsWithAddress(label.worker));
    const key = this.#clusterKey();
    const ready = () =>
      declared.synced && gateways.synced && workers.synced && key.current !== undefined;
    resources.use(await serveMetrics(this.#options.listen, this.#metrics, ready));
    const segmentKey = await key.whenRead();
    containStreams(this.#onBreakdown);
    const desired = this.#desired(declared);
    const { vici, charonSettings } = this.#options;
    const files = new NodeFiles(vici, this.#onTrouble);
    const charon = new Charon(vici, { settings: files.settings(charonSettings) });
    const poller = resources.use(new Poller());
    const network = this.#network(charon, poller, segmentKey);
    const events = new EventRecorder(this.#client, "ipman.dialo.ai/agent", this.#onTrouble);
    const memory = resources.use(files.memory());
    const placed = resources.use(
      new AgentPlacement({
        ...this.#options,
        gateways,
        workers,
        segmentKey,
        memory,
        desired,
        events,
        client: this.#client,
        log: this.#log,
        runtime: this.#runtime(),
        onTrouble: this.#onTrouble,
      }),
    );
    const supervisor = resources.use(
      new Supervisor({
        charon,
        network,
        placement: placed.placement,
        ...(this.#options.hostNetwork && { addresses: files.addresses(network) }),
        desired,
        requireSecretConsent: this.#options.requireSecretConsent,
        state: memory,
        alwaysFollowLog: this.#log.isLevelEnabled("debug"),
      }),
    );
    this.#metrics.showStateWrites(memory.writes);
    this.#observe(supervisor, network, charon);
    this.#report(supervisor, network, declared, events);
    this.#own(placed.leaveTo((id) => reportsPods(supervisor, id), supervisor.changes));
    const peering = this.#joinPeers(supervisor, poller, desired, {
      segmentKey,
      storedKeys: key.stored,
    });
    await this.#answer(supervisor, this.#examiner(network, poller));
    supervisor.start();
    return peering;
  }

  #observe(supervisor: Supervisor, network: KernelNetwork, charon: Charon): void {
    this.#metrics.observe({
      running: supervisor,
      events: supervisor.events,
      charon: new StatisticsSession(this.#options.vici, whileScraped, charon),
      network,
    });
  }

  #desired(declared: Declared): Observable<DesiredState> {
    const secrets = this.#resources.use(new NamedSecrets(this.#client));
    return desiredStates(agentDesired(declared, secrets, this.#options.groupId), {
      scope: "cluster",
      groupId: this.#options.groupId,
      outside: this.#options.clusterNetworks,
      report: (error) => this.#onBreakdown("manifests", error),
    });
  }

  #network(charon: Charon, poller: Poller, segmentKey: SegmentKey): KernelNetwork {
    return new KernelNetwork({
      poller,
      segmentKey,
      vxlanPort: this.#options.vxlanPort,
      hostNamespace: this.#options.hostNetwork ? "/proc/1/ns/net" : undefined,
      charon: () => charon.process,
    });
  }

  #examiner(network: KernelNetwork, poller: Poller): Examiner {
    const statistics = () => readStatistics(this.#options.vici, whileScraped);
    // Workers are on any node: only what they answer is seen from here.
    return new KernelExaminer({ network, poller, statistics, worker: () => undefined });
  }

  /** For `ipman status`, `inspect` and orders in the agent's pod; tunnels do without. */
  async #answer(supervisor: Supervisor, examiner: Examiner): Promise<void> {
    const path = controlSocket(dirname(this.#options.vici));
    const { inspect } = this.#options;
    await this.#offer(
      ControlServer.listen(path, supervisorControl(supervisor, examiner, this.#logBuffer)),
    );
    if (inspect !== "off") await this.#offer(serveInspector(inspect, supervisor));
  }

  async #offer(server: Promise<AsyncDisposable>): Promise<void> {
    try {
      this.#resources.use(await server);
    } catch (error) {
      this.#onTrouble(error);
    }
  }

  #joinPeers(
    supervisor: Supervisor,
    poller: Poller,
    desired: Observable<DesiredState>,
    keys: Pick<PeeringParts, "segmentKey" | "storedKeys">,
  ): Peering {
    return this.#resources.use(
      joinPeers({
        ...keys,
        groupId: this.#options.groupId,
        client: this.#client,
        poller,
        desired,
        supervisor,
        metrics: this.#metrics,
        log: this.#log,
        onTrouble: this.#onTrouble,
        onBreakdown: this.#onBreakdown,
      }),
    );
  }

  #report(
    supervisor: Supervisor,
    network: KernelNetwork,
    declared: Declared,
    events: EventRecorder,
  ): void {
    const client = this.#client;
    const onTrouble = this.#onTrouble;
    this.#own(logEvents(this.#log, this.#logBuffer, supervisor.events));
    this.#own(logChanges(this.#log, supervisor));
    this.#resources.use(
      new AgentReporter({
        groupId: this.#options.groupId,
        client,
        declared,
        running: supervisor,
        network,
        events,
        onTrouble,
        writes: backgroundWrites(),
      }),
    );
  }

  #pods(wanted: Wanted): ObjectStore<Pod> {
    const options = { onTrouble: this.#onTrouble, trim: trimmedPod };
    return this.#resources.use(new ObjectStore(this.#client, wanted, options));
  }

  /** The operator creates it, in the namespace that is the agents' too. */
  #clusterKey(): ClusterKey {
    const client = this.#client;
    const options = { client, namespace: client.namespace, creates: false };
    return this.#resources.use(new ClusterKey({ ...options, onTrouble: this.#onTrouble }));
  }

  #runtime(): ContainerRuntime | undefined {
    const runtime = ContainerRuntime.find(this.#options.nodeRun);
    if (runtime === undefined) this.#log.warn("no container runtime answers; /proc will do");
    else this.#resources.use(runtime);
    return runtime;
  }

  #own(subscription: Subscription): void {
    this.#resources.defer(() => subscription.unsubscribe());
  }
}
