import { auditTime, type Subscription } from "rxjs";
import type { KubeClient } from "../../adapters/kubernetes/kube-client.ts";
import { resourceTypes } from "../../adapters/kubernetes/resource-type.ts";
import { formatAddress } from "../../model/address.ts";
import type { Ledger } from "../../model/allocation.ts";
import { apiVersion } from "../../model/api-group.ts";
import type { ConnectionStatusPart } from "../../model/connection-resource.ts";
import type { Child } from "../../model/connection.ts";
import { formatPrefix } from "../../model/prefix.ts";
import { StatusWriter } from "../cluster/status-writer.ts";
import type { Cluster } from "./cluster.ts";

/** The part of a connection's status that existing tools read, and the leader writes. */
type Shown = Pick<ConnectionStatusPart, "xfrmGatewayIp" | "freeIps" | "node">;

export interface OperatorReporterOptions {
  readonly client: KubeClient;
  readonly cluster: Cluster;
  readonly onTrouble: (error: unknown) => void;
}

const gatherMs = 500;

/** Longest list of free addresses in a status: pools may have thousands. */
const mostListed = 256;

const fieldManager = "ipman-operator";

/** Writes gateways and free addresses into the status of connections. */
export class OperatorReporter implements Disposable {
  readonly #cluster: Cluster;
  readonly #writer: StatusWriter<Shown>;
  readonly #subscription: Subscription;

  constructor({ client, cluster, onTrouble }: OperatorReporterOptions) {
    this.#cluster = cluster;
    this.#writer = new StatusWriter({
      actual: (id) => {
        const object = cluster.object(id);
        const { xfrmGatewayIp = {}, freeIps = {}, node = "" } = object?.status ?? {};
        return object === undefined ? undefined : { xfrmGatewayIp, freeIps, node };
      },
      wanted: (id) => this.#wanted(id),
      write: async (id, status) => {
        const object = { apiVersion, kind: "IPSecConnection", metadata: { name: id }, status };
        await client.apply(resourceTypes.IPSecConnection, object, fieldManager, "status");
      },
      onTrouble,
    });
    this.#subscription = cluster.everything.pipe(auditTime(gatherMs)).subscribe(() => {
      if (!cluster.synced) return;
      for (const id of cluster.desired.connections.keys()) this.#writer.look(id);
    });
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    this.#writer[Symbol.dispose]();
  }

  #wanted(id: string): Shown | undefined {
    const connection = this.#cluster.desired.connections.get(id);
    const object = this.#cluster.object(id);
    if (connection === undefined || object === undefined) return undefined;
    const ledger = this.#cluster.ledger(object);
    const gateways = connection.children.flatMap((child) => {
      const address = this.#cluster.gatewayAddress(connection, child);
      return address === undefined ? [] : [[child.name, formatAddress(address)]];
    });
    return {
      node: connection.nodeName ?? "",
      xfrmGatewayIp: Object.fromEntries(gateways),
      freeIps: Object.fromEntries(connection.children.map((child) => freeOf(ledger, child))),
    };
  }
}

function freeOf(ledger: Ledger, child: Child): [string, Record<string, string[]>] {
  const pools = Object.keys(child.pools).map((pool): [string, string[]] => [
    pool,
    ledger.free(child, pool, mostListed).map(formatPrefix),
  ]);
  return [child.name, Object.fromEntries(pools)];
}
