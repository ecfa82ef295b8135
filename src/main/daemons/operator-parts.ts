import { deploymentSettings, type OperatorOptions } from "./operator-options.ts";
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { LimitFunction } from "p-limit";
import { type Logger } from "pino";
import { StoredReservations } from "../../adapters/kubernetes/stored-reservations.ts";
import { ClusterKey } from "../../adapters/kubernetes/cluster-key.ts";
import { Declared } from "../../adapters/kubernetes/declared.ts";
import { EventRecorder } from "../../adapters/kubernetes/events.ts";
import { endOf } from "../../adapters/kubernetes/admission/certificates.ts";
import { KubeClient } from "../../adapters/kubernetes/client/kube-client.ts";
import { LeaseLock } from "../../adapters/kubernetes/lease.ts";
import { workerPods, podsWithAddress } from "../../adapters/kubernetes/live-pods.ts";
import { resourceTypes } from "../../adapters/kubernetes/client/resource-type.ts";
import { ObjectStore } from "../../adapters/kubernetes/client/object-store.ts";
import type { Wanted } from "../../adapters/kubernetes/client/watch.ts";
import { groupPod, type GroupPod } from "../../model/kubernetes/group-pod.ts";
import { withoutManagedFields, type OwnerReference } from "../../model/kubernetes/kube-object.ts";
import { label, manager } from "../../model/kubernetes/labels.ts";
import { trimmedPod, type Pod } from "../../model/kubernetes/worker-pod.ts";
import type { DeploymentSettings } from "../../model/kubernetes/deployments.ts";
import type { Prefix } from "../../model/net/prefix.ts";
import { systemClock } from "../../runtime/time/clock.ts";
import { backgroundWrites } from "../../runtime/kubernetes/writes.ts";
import { containStreams, type OnBreakdown } from "../../runtime/actors/contained.ts";
import { TroubleLog } from "../../runtime/logs/trouble-log.ts";
import { Metrics } from "../../runtime/metrics/metrics.ts";
import { serveMetrics } from "../../runtime/metrics/metrics-server.ts";
import { PodWebhooks } from "../../runtime/operator/admission/pod-webhooks.ts";
import { DeclaredAdmission } from "../../runtime/operator/admission/admit-declared.ts";
import { AgentAccess } from "../../runtime/operator/deployments/agent-access.ts";
import { ReservationStore } from "../../runtime/operator/addresses/reservation-store.ts";
import { GroupPods } from "../../runtime/operator/status/group-pods.ts";
import { Cluster } from "../../runtime/operator/state/cluster.ts";
import { GoOperatorExit } from "../../runtime/operator/deployments/go-operator-exit.ts";
import { Frontends } from "../../runtime/operator/deployments/frontends.ts";
import { GroupReporter } from "../../runtime/operator/status/group-reporter.ts";
import { Leadership } from "../../runtime/operator/leadership.ts";
import { OperatorMetrics } from "../../runtime/operator/operator-metrics.ts";
import { OperatorReporter } from "../../runtime/operator/status/operator-reporter.ts";
import { RefusedRequests } from "../../runtime/operator/admission/refused-requests.ts";
import { releaseOwner } from "../../runtime/operator/deployments/release-owner.ts";
import { ReservationCollector } from "../../runtime/operator/addresses/reservation-collector.ts";
import { WebhookService } from "../../runtime/operator/webhooks/webhook-service.ts";
import { Deployments } from "../../runtime/operator/deployments/deployments.ts";
import { TunnelServices } from "../../runtime/operator/services/tunnel-services.ts";
import { breakdownReporter } from "./breakdown-reporter.ts";
import { networksOfCluster } from "./networks-of-cluster.ts";

/** The parts that admission and leadership share. */
interface SharedParts {
  readonly cluster: Cluster;
  readonly declared: Declared;
  readonly store: ReservationStore;
  readonly clusterKey: ClusterKey;
  readonly own: OperatorMetrics;
}

/** The parts of an operator, each created from the ones before it. */
export class OperatorParts {
  readonly #options: OperatorOptions;
  readonly #log: Logger;
  readonly #resources: AsyncDisposableStack;
  readonly #client: KubeClient;
  readonly #namespace: string;
  readonly #metrics = new Metrics();
  /** Networks of the cluster that stay outside of tunnels. */
  readonly #outside: readonly Prefix[];
  readonly #onTrouble: (error: unknown) => void;
  readonly #onBreakdown: OnBreakdown;

  constructor(options: OperatorOptions, log: Logger, resources: AsyncDisposableStack) {
    this.#options = options;
    this.#log = log;
    this.#resources = resources;
    this.#client = resources.use(
      KubeClient.connect(options.kubeconfig, (name, seconds, failed) =>
        this.#metrics.adapterCall({ name, seconds, failed }),
      ),
    );
    this.#namespace = options.namespace ?? this.#client.namespace;
    this.#outside = networksOfCluster(options.clusterNetworks);
    const troubles = new TroubleLog(log);
    this.#onTrouble = (error) => troubles.take(error);
    this.#onBreakdown = breakdownReporter(log, this.#metrics);
  }

  async start(): Promise<{ readonly lost: Promise<"lease lost"> }> {
    const resources = this.#resources;
    containStreams(this.#onBreakdown);
    const declared = resources.use(new Declared(this.#client, { onTrouble: this.#onTrouble }));
    const cluster = resources.use(
      new Cluster({
        declared,
        gateways: this.#pods(
          podsWithAddress(`${label.type}=xfrm,${label.managedBy}=${manager}`, this.#namespace),
        ),
        workers: this.#pods(workerPods),
        reservations: this.#storedReservations(),
        outside: this.#outside,
      }),
    );
    const clusterKey = this.#clusterKey();
    const own = new OperatorMetrics(this.#metrics, cluster);
    let service: WebhookService | undefined;
    const ready = () => cluster.synced && service?.ready === true;
    resources.use(await serveMetrics(this.#options.listen, this.#metrics, ready));
    const lost = this.#owner().then((owner) => {
      const place = { namespace: this.#namespace, owner };
      const store = new ReservationStore(this.#client, cluster, place);
      const parts = { cluster, declared, store, clusterKey, own };
      const collector = this.#reservationCollector(parts);
      const pods = this.#podWebhooks(parts, collector);
      service = this.#webhookService(parts, pods, owner);
      const settings = deploymentSettings(this.#options, { ...place, outside: this.#outside });
      return this.#lead(parts, collector, settings, service);
    });
    return { lost };
  }

  #clusterKey(): ClusterKey {
    const options = { client: this.#client, namespace: this.#namespace, creates: true };
    return this.#resources.use(new ClusterKey({ ...options, onTrouble: this.#onTrouble }));
  }

  #storedReservations(): StoredReservations {
    const options = { onTrouble: this.#onTrouble };
    return this.#resources.use(new StoredReservations(this.#client, this.#namespace, options));
  }

  #pods(wanted: Wanted): ObjectStore<Pod> {
    const options = { onTrouble: this.#onTrouble, trim: trimmedPod };
    return this.#resources.use(new ObjectStore(this.#client, wanted, options));
  }

  #viewOfGroupPods(): ObjectStore<GroupPod> {
    const labelSelector = `${label.type} in (charon,agent),${label.managedBy}=${manager}`;
    const wanted = { type: resourceTypes.Pod, labelSelector, namespace: this.#namespace };
    const options = { onTrouble: this.#onTrouble, trim: groupPod };
    return this.#resources.use(new ObjectStore(this.#client, wanted, options));
  }

  #webhookService(
    { cluster, declared, own }: SharedParts,
    pods: PodWebhooks,
    owner: OwnerReference | undefined,
  ): WebhookService {
    const { requireAllowedNamespaces } = this.#options;
    const rule = { requireAllowedNamespaces };
    const objects = new DeclaredAdmission({ cluster, declared, client: this.#client }, rule);
    const judged = own.timed("declared", (request) => objects.admit(request));
    const refused = new RefusedRequests(this.#metrics.registry, this.#log);
    const { webhookPort: port, webhooks: configurations, ...named } = this.#options;
    const service = new WebhookService({
      ...named,
      client: this.#client,
      namespace: this.#namespace,
      port,
      configurations,
      owner,
      handlers: new Map([...pods.handlers, ["declared", judged], ["groups", judged]]),
      onTrouble: this.#onTrouble,
      onReplace: (reason) => this.#log.warn({ reason }, "the webhooks' certificate is replaced"),
      onRefused: (reason, from) => refused.note(reason, from),
      onPair: ({ certificate }) => {
        own.shows(certificate);
        const ends = new Date(endOf(certificate)).toISOString();
        this.#log.info({ ends }, "the webhooks have a certificate");
      },
    });
    return this.#resources.use(service);
  }

  #podWebhooks(
    { cluster, store, clusterKey, own }: SharedParts,
    { ages }: ReservationCollector,
  ): PodWebhooks {
    const { ipmanImage: image } = this.#options;
    const reports = { onTrouble: this.#onTrouble, onBreakdown: this.#onBreakdown };
    const shared = { client: this.#client, cluster, store, clusterKey, own, ages, ...reports };
    return this.#resources.use(new PodWebhooks({ ...this.#options, ...shared, image }));
  }

  #reservationCollector({ cluster, store }: SharedParts): ReservationCollector {
    const ttlMs = this.#options.ttlSeconds * 1_000;
    const shared = { client: this.#client, cluster, store, clock: systemClock };
    return this.#resources.use(
      new ReservationCollector({ ...shared, ttlMs, onTrouble: this.#onTrouble }),
    );
  }

  /** Resolves when the lease is lost, rejects if an exception ended the leader. */
  #lead(
    parts: SharedParts,
    collector: ReservationCollector,
    settings: DeploymentSettings,
    service: WebhookService,
  ): Promise<"lease lost"> {
    const lost = Promise.withResolvers<"lease lost">();
    const onLeading = () => {
      this.#log.info("leading");
      parts.own.leads();
      service.lead();
      collector.lead();
      this.#startLeading(parts, settings);
    };
    const onLost = () => lost.resolve("lease lost");
    const onFailed = (error: unknown) => {
      this.#onBreakdown("leader", error);
      lost.reject(new Error("an exception ended the leader", { cause: error }));
    };
    const onTrouble = this.#onTrouble;
    const lock = this.#lock(settings.owner);
    this.#resources.use(new Leadership({ lock, onLeading, onLost, onFailed, onTrouble }));
    return lost.promise;
  }

  /** Starts the parts that run in only one of the replicas. */
  #startLeading(parts: SharedParts, settings: DeploymentSettings): void {
    const { cluster, declared } = parts;
    const client = this.#client;
    const onTrouble = this.#onTrouble;
    const resources = this.#resources;
    const wanted = {
      type: resourceTypes.Deployment,
      namespace: this.#namespace,
      labelSelector: `${label.managedBy}=${manager},${label.type}`,
    };
    const trim = withoutManagedFields;
    const deployments = resources.use(new ObjectStore(client, wanted, { onTrouble, trim }));
    const writes = backgroundWrites();
    const onBreakdown = this.#onBreakdown;
    const access = this.#agentAccess({ cluster, declared }, settings, writes);
    const onRollout = (words: string) => this.#log.info(words);
    const shared = { client, cluster, deployments, settings, writes, onBreakdown, onRollout };
    const made = { ...shared, ...(access && { access }) };
    this.#afterGoOperator(() => resources.use(new Deployments(made)));
    const events = new EventRecorder(client, "ipman.dialo.ai/operator", onTrouble);
    const groupPods = resources.use(new GroupPods(this.#viewOfGroupPods()));
    const reported = { client, cluster, groupPods, access, writes, onTrouble };
    resources.use(new OperatorReporter({ ...reported, events }));
    const services = { client, cluster, settings, writes, onTrouble, onBreakdown };
    const frontends = resources.use(new Frontends(services));
    resources.use(new GroupReporter({ ...reported, declared, frontends }));
    const { requireAllowedNamespaces } = this.#options;
    const rule = { requireAllowedNamespaces };
    if (this.#options.services)
      resources.use(
        new TunnelServices({ ...parts, client, rule, events, writes, onTrouble, onBreakdown }),
      );
  }

  /** Undefined if all agents have one service account. */
  #agentAccess(
    { cluster, declared }: Pick<SharedParts, "cluster" | "declared">,
    { namespace, owner }: DeploymentSettings,
    writes: LimitFunction,
  ): AgentAccess | undefined {
    const { secretAccess, secretNamespaces } = this.#options;
    if (secretAccess === "namespace") return undefined;
    const access = new AgentAccess({
      client: this.#client,
      cluster,
      declared,
      namespace,
      owner,
      secretNamespaces,
      writes,
      onTrouble: this.#onTrouble,
      onBreakdown: this.#onBreakdown,
    });
    return this.#resources.use(access);
  }

  #lock(owner: OwnerReference | undefined): LeaseLock {
    const place = { namespace: this.#namespace, name: "ipman-operator" };
    return new LeaseLock(this.#client, place, `${hostname()}_${randomUUID()}`, owner);
  }

  /** Two charons on one node cannot both have UDP 500. */
  #afterGoOperator(start: () => void): void {
    const resources = this.#resources;
    const where = { client: this.#client, namespace: this.#namespace };
    const reports = { log: this.#log, onTrouble: this.#onTrouble };
    const onEnded = () => {
      if (!resources.disposed) start();
    };
    resources.use(new GoOperatorExit({ ...where, ...reports, onEnded }));
  }

  #owner(): Promise<OwnerReference | undefined> {
    const ending = new AbortController();
    this.#resources.defer(() => ending.abort());
    const { signal } = ending;
    const where = { client: this.#client, namespace: this.#namespace };
    const { owner } = this.#options;
    return releaseOwner({ ...where, owner, signal, onTrouble: this.#onTrouble });
  }
}
