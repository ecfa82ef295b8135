import { childSpec, connectionSpec } from "../../lab/sites/manifests.ts";
import { ClusterKey } from "../../src/adapters/kubernetes/cluster-key.ts";
import type { EventRecorder, ObjectEvent } from "../../src/adapters/kubernetes/events.ts";
import {
  resourceTypes,
  type ResourceType,
} from "../../src/adapters/kubernetes/client/resource-type.ts";
import {
  readReservations,
  type ServiceAddresses,
} from "../../src/model/addresses/connection-reservations.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import { annotation } from "../../src/model/kubernetes/labels.ts";
import { tunnelClass, type ServiceObject } from "../../src/model/services/service-object.ts";
import { backgroundWrites } from "../../src/runtime/kubernetes/writes.ts";
import type { ServiceState } from "../../src/runtime/metrics/service-series.ts";
import { ReservationStore } from "../../src/runtime/operator/addresses/reservation-store.ts";
import { TunnelServices } from "../../src/runtime/operator/services/tunnel-services.ts";
import { gateway } from "./admitting.ts";
import { KubeApi } from "./kube-api.ts";
import { operatorView } from "./operator-view.ts";

const { IPSecConnection, Pod, Service, ConfigMap, EndpointSlice } = resourceTypes;
const home = "ipman-system";

/** The parts of an EndpointSlice that tests read. */
interface SliceAtServer extends KubeObject {
  readonly endpoints: readonly {
    readonly addresses: readonly string[];
    readonly conditions: { readonly ready: boolean };
  }[];
  readonly ports: readonly { readonly name: string; readonly port: number }[];
}

interface Ingress {
  readonly ip: string;
}

interface AnyCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

/** A leading operator's part in Services, with the connection `partner` and its child `net`. */
export class ServicesWorld implements Disposable {
  readonly api: KubeApi;
  readonly troubles: unknown[] = [];
  /** `type reason kind/name` */
  readonly events: string[] = [];
  readonly #pool: string;
  readonly #lags = new Map<string, number>();
  /** The states of Services that the leader shows in metrics. */
  states: () => readonly ServiceState[] = () => [];
  #parts = new DisposableStack();
  #generation = 0;

  constructor(pool = "10.0.2.10-10.0.2.50", api = new KubeApi(() => 1)) {
    this.api = api;
    this.#pool = pool;
    this.declare({});
    this.gateway("10.244.1.1");
    this.restart();
  }

  /** Ends the leader and starts another. */
  restart(): void {
    this.#parts.dispose();
    this.#parts = new DisposableStack();
    const client = this.api.client((kind) => this.#lags.get(kind) ?? 0);
    const onTrouble = (error: unknown) => void this.troubles.push(error);
    const { cluster } = operatorView(client, home, this.#parts, onTrouble);
    const store = new ReservationStore(client, cluster, { namespace: home, owner: undefined });
    const keyed = { client, namespace: home, creates: true, onTrouble };
    const record = ({ type, reason, regarding: { kind, metadata } }: ObjectEvent) =>
      void this.events.push(`${type} ${reason} ${kind}/${metadata.name}`);
    this.#parts.use(
      new TunnelServices({
        client,
        cluster,
        store,
        clusterKey: this.#parts.use(new ClusterKey(keyed)),
        rule: { requireAllowedNamespaces: false },
        events: { record } as unknown as EventRecorder,
        writes: backgroundWrites(),
        onTrouble,
        onBreakdown: (_, error) => onTrouble(error),
        own: { showServices: (states) => void (this.states = states) },
      }),
    );
  }

  /** Delays the watches of the next leader. */
  lag({ kind }: ResourceType, ms: number): void {
    this.#lags.set(kind, ms);
  }

  declare(spec: object, child: object = {}): void {
    const net = childSpec(2, { name: "net", ip_pools: { primary: [this.#pool] }, ...child });
    const declared = connectionSpec("partner", { children: { net }, nodeName: "node-a", ...spec });
    const { metadata } = declared as KubeObject;
    const [before] = this.api.all(IPSecConnection) as (KubeObject & { status?: object })[];
    const generation = ++this.#generation;
    this.api.put(IPSecConnection, {
      ...declared,
      metadata: { ...metadata, generation },
      ...(before?.status && { status: before.status }),
    } as KubeObject);
  }

  gateway(podIP: string): void {
    this.api.put(Pod, { ...gateway, status: { phase: "Running", podIP } } as KubeObject);
  }

  /** Reports a state of the child, as its agent does. */
  report(state: string, reachable?: "True" | "False"): void {
    const [connection] = this.api.all(IPSecConnection);
    const conditions = reachable === undefined ? [] : [{ type: "Reachable", status: reachable }];
    const status = { children: [{ key: "net", state, conditions }] };
    this.api.put(IPSecConnection, { ...connection, status } as KubeObject);
  }

  /** A Service that is connected to the child `net`. */
  service(name: string, annotations: object = {}, spec: object = {}): KubeObject {
    const names = {
      [annotation.connection]: "partner",
      [annotation.child]: "net",
      [annotation.pool]: "primary",
    };
    return {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace: "shop", annotations: { ...names, ...annotations } },
      spec: { ports: [{ name: "main", port: 443 }], ...spec },
    } as KubeObject;
  }

  put(name: string, { spec = {} }: { readonly spec?: object }): void {
    this.api.put(Service, this.service(name, {}, spec));
  }

  expose(name: string, annotations: object = {}, status: object = {}): void {
    const spec = { type: "LoadBalancer", loadBalancerClass: tunnelClass };
    const service = this.service(name, annotations, spec);
    this.api.put(Service, { ...service, status } as KubeObject);
  }

  remote(name: string, hosts: string): void {
    this.api.put(Service, this.service(name, { [annotation.remote]: hosts }));
  }

  /** Changes a Service as its author or another program does. */
  change(name: string, changes: object): void {
    this.api.put(Service, { ...this.#service(name), ...changes } as KubeObject);
  }

  ingressOf(name: string): readonly Ingress[] {
    return (this.#service(name)?.status?.loadBalancer?.ingress ?? []) as readonly Ingress[];
  }

  typesOf(name: string): string[] {
    return this.#conditions(name).map(({ type }) => type);
  }

  /** `status reason: message` */
  conditionOf(name: string): string | undefined {
    const own = this.#conditions(name).find(({ type }) => type === "ipman.dialo.ai/Ready");
    return own && `${own.status} ${own.reason}: ${own.message}`;
  }

  get slices(): readonly SliceAtServer[] {
    return this.api.all(EndpointSlice) as SliceAtServer[];
  }

  /** The addresses of Services as they are stored. */
  get addresses(): ServiceAddresses {
    const [stored] = this.api.all(ConfigMap).map(readReservations);
    return stored?.services ?? {};
  }

  [Symbol.dispose](): void {
    this.#parts.dispose();
  }

  #service(name: string): ServiceObject | undefined {
    const services = this.api.all(Service) as ServiceObject[];
    return services.find(({ metadata }) => metadata.name === name);
  }

  #conditions(name: string): readonly AnyCondition[] {
    return (this.#service(name)?.status?.conditions ?? []) as readonly AnyCondition[];
  }
}
