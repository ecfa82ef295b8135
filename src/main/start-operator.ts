import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { pino, type Logger } from "pino";
import { AdmissionServer } from "../adapters/kubernetes/admission-server.ts";
import { BookShelf } from "../adapters/kubernetes/book-shelf.ts";
import { ClusterKey } from "../adapters/kubernetes/cluster-key.ts";
import { Declared } from "../adapters/kubernetes/declared.ts";
import { EventRecorder } from "../adapters/kubernetes/events.ts";
import { endOf } from "../adapters/kubernetes/certificates.ts";
import { KubeClient } from "../adapters/kubernetes/kube-client.ts";
import { LeaseLock } from "../adapters/kubernetes/lease.ts";
import { holders, podsWithAddress } from "../adapters/kubernetes/live-pods.ts";
import { resourceTypes } from "../adapters/kubernetes/resource-type.ts";
import { View } from "../adapters/kubernetes/view.ts";
import type { Wanted } from "../adapters/kubernetes/watch.ts";
import type { CharonSettings } from "../model/charon-settings.ts";
import { carrierPod, type CarrierPod } from "../model/carrier-pod.ts";
import type { Image } from "../model/image.ts";
import { withoutManagedFields, type OwnerReference } from "../model/kube-object.ts";
import { label, manager } from "../model/labels.ts";
import { trimmedPod, type Pod } from "../model/worker-pod.ts";
import type { WorkloadSettings } from "../model/workloads.ts";
import { backgroundWrites } from "../runtime/cluster/writes.ts";
import { logTrouble } from "../runtime/log.ts";
import { Metrics } from "../runtime/metrics.ts";
import { serveMetrics } from "../runtime/metrics-server.ts";
import { PodAdmission } from "../runtime/operator/admit-pod.ts";
import { DeclaredAdmission } from "../runtime/operator/admit-declared.ts";
import { Allocator } from "../runtime/operator/allocator.ts";
import { Books } from "../runtime/operator/books.ts";
import { Carriers } from "../runtime/operator/carriers.ts";
import { Cluster } from "../runtime/operator/cluster.ts";
import { GoOperatorExit } from "../runtime/operator/go-operator-exit.ts";
import { GroupReporter } from "../runtime/operator/group-reporter.ts";
import { Leadership } from "../runtime/operator/leadership.ts";
import { OperatorMetrics } from "../runtime/operator/operator-metrics.ts";
import { OperatorReporter } from "../runtime/operator/operator-reporter.ts";
import { releaseOwner } from "../runtime/operator/release-owner.ts";
import { Reservations } from "../runtime/operator/reservations.ts";
import {
  TrustedAuthority,
  type ConfigurationNames,
} from "../runtime/operator/trusted-authority.ts";
import { WebhookCertificates } from "../runtime/operator/webhook-certificates.ts";
import { Workloads } from "../runtime/operator/workloads.ts";

export interface OperatorOptions {
  readonly ipmanImage: Image;
  readonly charonImage: Image;
  readonly pullSecrets: readonly string[];
  readonly agentAccount: string;
  /** `ServiceAccount/NAME`, or empty. */
  readonly owner: string;
  readonly priorityClass: string;
  readonly serviceName: string;
  readonly certificateSecret: string;
  readonly managedCertificates: boolean;
  readonly webhooks: ConfigurationNames;
  readonly webhookPort: number;
  readonly listen: string;
  readonly ttlSeconds: number;
  readonly vxlanPort: number;
  readonly charonSettings: CharonSettings;
  readonly kubeconfig: string | undefined;
  readonly namespace: string | undefined;
  readonly logLevel: string;
}

/** A running operator. */
export interface Operator {
  /** Resolves when the lease is lost, rejects where it cannot run: then the process has to end. */
  readonly lost: Promise<"lease lost">;
  readonly stop: (why: string) => Promise<void>;
}

/** Builds an operator's parts and runs them. */
export async function startOperator(options: OperatorOptions): Promise<Operator> {
  const log = pino({ level: options.logLevel, base: null });
  const resources = new AsyncDisposableStack();
  try {
    const { lost } = await new OperatorParts(options, log, resources).start();
    log.info("ipman operator runs");
    return {
      lost,
      stop: async (why) => {
        log.info({ why }, "ending; what runs goes on");
        await resources.disposeAsync();
      },
    };
  } catch (error) {
    await resources.disposeAsync();
    throw error;
  }
}

/** What admission and leadership both work on. */
interface SharedParts {
  readonly cluster: Cluster;
  readonly declared: Declared;
  readonly books: Books;
  readonly clusterKey: ClusterKey;
  readonly own: OperatorMetrics;
}

class OperatorParts {
  readonly #options: OperatorOptions;
  readonly #log: Logger;
  readonly #resources: AsyncDisposableStack;
  readonly #client: KubeClient;
  readonly #namespace: string;
  readonly #metrics = new Metrics();
  readonly #onTrouble: (error: unknown) => void;

  constructor(options: OperatorOptions, log: Logger, resources: AsyncDisposableStack) {
    this.#options = options;
    this.#log = log;
    this.#resources = resources;
    this.#client = resources.use(
      KubeClient.connect(options.kubeconfig, (...call) => this.#metrics.adapterCall(...call)),
    );
    this.#namespace = options.namespace ?? this.#client.namespace;
    this.#onTrouble = (error) => logTrouble(log, error);
  }

  async start(): Promise<{ readonly lost: Promise<"lease lost"> }> {
    const resources = this.#resources;
    const declared = resources.use(new Declared(this.#client, { onTrouble: this.#onTrouble }));
    const cluster = resources.use(
      new Cluster({
        declared,
        gateways: this.#pods(
          podsWithAddress(`${label.type}=xfrm,${label.managedBy}=${manager}`, this.#namespace),
        ),
        workers: this.#pods(holders),
        books: this.#bookShelf(),
      }),
    );
    const clusterKey = this.#clusterKey();
    const own = new OperatorMetrics(this.#metrics, cluster);
    const serving = { now: false };
    resources.use(
      await serveMetrics(this.#options.listen, this.#metrics, () => cluster.synced && serving.now),
    );
    const lost = this.#owner().then((owner) => {
      const place = { namespace: this.#namespace, owner };
      const books = new Books(this.#client, cluster, place);
      const parts = { cluster, declared, books, clusterKey, own };
      this.#serveWebhooks(parts, serving, owner);
      return this.#lead(parts, this.#settings(owner));
    });
    return { lost };
  }

  #clusterKey(): ClusterKey {
    const options = { client: this.#client, namespace: this.#namespace, creates: true };
    return this.#resources.use(new ClusterKey({ ...options, onTrouble: this.#onTrouble }));
  }

  #bookShelf(): BookShelf {
    const options = { onTrouble: this.#onTrouble };
    return this.#resources.use(new BookShelf(this.#client, this.#namespace, options));
  }

  #pods(wanted: Wanted): View<Pod> {
    const options = { onTrouble: this.#onTrouble, trim: trimmedPod };
    return this.#resources.use(new View(this.#client, wanted, options));
  }

  #carrierPods(): View<CarrierPod> {
    const labelSelector = `${label.type} in (charon,agent),${label.managedBy}=${manager}`;
    const wanted = { type: resourceTypes.Pod, labelSelector, namespace: this.#namespace };
    const options = { onTrouble: this.#onTrouble, trim: carrierPod };
    return this.#resources.use(new View(this.#client, wanted, options));
  }

  /** Listens as soon as there is a certificate, and shows the newest. */
  #serveWebhooks(
    { cluster, declared, books, clusterKey, own }: SharedParts,
    serving: { now: boolean },
    owner: OwnerReference | undefined,
  ): void {
    const { ipmanImage: image, vxlanPort, webhookPort, ttlSeconds } = this.#options;
    // Given then, it is still reserved for longer than any request takes.
    const stockMs = (ttlSeconds * 1_000) / 8;
    const allocator = this.#resources.use(
      new Allocator({ cluster, books, stockMs, start: Math.random() }),
    );
    const pods = new PodAdmission({ cluster, allocator, books, clusterKey, image, vxlanPort });
    const objects = new DeclaredAdmission(cluster, declared, this.#client);
    let server: Promise<AdmissionServer> | undefined;
    this.#resources.defer(async () => (await server)?.[Symbol.asyncDispose]());
    this.#resources.use(
      new WebhookCertificates({
        client: this.#client,
        namespace: this.#namespace,
        secretName: this.#options.certificateSecret,
        serviceName: this.#options.serviceName,
        trusted: this.#trusted(),
        owner,
        onTrouble: this.#onTrouble,
        onPair: (pair) => {
          own.shows(pair.certificate);
          const ends = new Date(endOf(pair.certificate)).toISOString();
          this.#log.info({ ends }, "the webhooks have a certificate");
          if (server !== undefined) void server.then((running) => running.use(pair));
          else {
            server = AdmissionServer.listen(webhookPort, pair, {
              "/pods": own.timed("pods", (request) => pods.admit(request)),
              "/declared": own.timed("declared", (request) => objects.admit(request)),
            });
            server.then(() => (serving.now = true), this.#onTrouble);
          }
        },
      }),
    );
  }

  #trusted(): TrustedAuthority | undefined {
    const { webhooks, managedCertificates } = this.#options;
    if (!managedCertificates) return undefined;
    return this.#resources.use(new TrustedAuthority(this.#client, webhooks, this.#onTrouble));
  }

  /** What only one of the replicas does. */
  #lead(
    { cluster, declared, books, own }: SharedParts,
    settings: WorkloadSettings,
  ): Promise<"lease lost"> {
    const client = this.#client;
    const onTrouble = this.#onTrouble;
    const wanted = {
      type: resourceTypes.Deployment,
      namespace: this.#namespace,
      labelSelector: `${label.managedBy}=${manager},${label.type}`,
    };
    const lost = Promise.withResolvers<"lease lost">();
    const place = { namespace: this.#namespace, name: "ipman-operator" };
    const lock = new LeaseLock(client, place, `${hostname()}_${randomUUID()}`, settings.owner);
    const resources = this.#resources;
    const onLeading = () => {
      this.#log.info("leading");
      own.leads();
      const trim = withoutManagedFields;
      const deployments = resources.use(new View(client, wanted, { onTrouble, trim }));
      const onBreakdown = (id: string, error: unknown) => {
        this.#metrics.breakdown();
        this.#log.error({ actor: id, err: error }, "an actor broke down and is started anew");
      };
      const writes = backgroundWrites();
      const made = { client, cluster, deployments, settings, writes, onBreakdown };
      this.#afterGoOperator(() => resources.use(new Workloads(made)));
      const ttlMs = this.#options.ttlSeconds * 1_000;
      resources.use(new Reservations({ client, cluster, books, ttlMs, onTrouble }));
      const events = new EventRecorder(client, "ipman.dialo.ai/operator", onTrouble);
      const carriers = resources.use(new Carriers(this.#carrierPods()));
      const reported = { client, cluster, carriers, writes, onTrouble };
      resources.use(new OperatorReporter({ ...reported, events }));
      resources.use(new GroupReporter({ ...reported, declared }));
    };
    const onLost = () => lost.resolve("lease lost");
    resources.use(new Leadership({ lock, onLeading, onLost, onTrouble }));
    return lost.promise;
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

  #settings(owner: OwnerReference | undefined): WorkloadSettings {
    const options = this.#options;
    return {
      namespace: this.#namespace,
      owner,
      ipmanImage: options.ipmanImage,
      charonImage: options.charonImage,
      pullSecrets: options.pullSecrets,
      agentAccount: options.agentAccount,
      priorityClass: options.priorityClass,
      vxlanPort: options.vxlanPort,
      charonSettings: options.charonSettings,
      logLevel: options.logLevel,
    };
  }
}
