import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import { eventually } from "../../lab/sites/shell.ts";
import type { LabCluster } from "../../lab/cluster/cluster.ts";
import { walkThrough, walkThroughChild } from "../../lab/cluster/manifests.ts";
import { examplePeer, type PeerConnection } from "../../lab/cluster/peer.ts";

/** Connections of node-a that differ in their number: names, identities and networks. */
export class ConnectionSeries {
  readonly name: string;
  readonly #networks: number;

  /** @param networks the second octet of the networks here; those of the partner have the next one */
  constructor(name: string, networks: number) {
    this.name = name;
    this.#networks = networks;
  }

  nameOf(i: number): string {
    return `${this.name}-${i}`;
  }

  /** The identity of a connection, on its path of another node if a node is given. */
  identityOf(i: number, node = ""): string {
    return `spoke${node}-${i}.${this.name}.example.org`;
  }

  /** The partner's half of a connection, or of its path on another node. */
  peerOf(i: number, node = ""): PeerConnection {
    const child = { name: "net", local: this.#remoteNetwork(i), remote: this.#localNetwork(i) };
    return {
      name: `${this.nameOf(i)}${node}`,
      localId: this.#partnerOf(i),
      remoteId: this.identityOf(i, node),
      secret: examplePeer.secret,
      children: [child],
    };
  }

  manifestOf(i: number, changes: object = {}) {
    const network = `10.${this.#networks}.${i}.`;
    const child = walkThroughChild(2, {
      name: "net",
      if_id: this.#networks * 1_000 + i,
      local_ips: [this.#localNetwork(i)],
      remote_ips: [this.#remoteNetwork(i)],
      xfrm_ip: `${network}1/24`,
      vxlan_ip: `${network}2/24`,
      ip_pools: { primary: [`${network}10-${network}40/24`] },
    });
    const ids = { localId: this.identityOf(i), remoteId: this.#partnerOf(i) };
    const spec = { name: this.nameOf(i), ...ids, children: { net: child }, ...changes };
    return { ...walkThrough("node-a", spec), metadata: { name: this.nameOf(i) } };
  }

  async declare({ client }: LabCluster, which: readonly number[]): Promise<void> {
    const type = resourceTypes.IPSecConnection;
    await Promise.all(which.map((i) => client.create(type, this.manifestOf(i) as never)));
  }

  /** Waits until all children of so many connections of the series are ready. */
  areUp(cluster: LabCluster, wanted: number): Promise<void> {
    return this.have(cluster, wanted, ({ childrenReady }) => childrenReady === "1/1");
  }

  /** Waits until the status of so many connections of the series is as wanted. */
  async have(
    { client }: LabCluster,
    wanted: number,
    isSo: (status: SeenStatus) => boolean,
  ): Promise<void> {
    const look = async () => {
      let found = 0;
      await client.list(resourceTypes.IPSecConnection, {}, {}, (object) => {
        const { status = {} } = object as { status?: SeenStatus };
        if (object.metadata.name.startsWith(`${this.name}-`) && isSo(status)) found += 1;
      });
      if (found < wanted) throw new Error(`${found} of ${wanted} are up`);
    };
    await eventually(look, 120_000, 100);
  }

  #partnerOf(i: number): string {
    return `hub-${i}.${this.name}.example.org`;
  }

  #localNetwork(i: number): string {
    return `10.${this.#networks}.${i}.0/24`;
  }

  #remoteNetwork(i: number): string {
    return `10.${this.#networks + 1}.${i}.0/24`;
  }
}

/** The part of a connection's status that a measurement reads. */
interface SeenStatus {
  readonly childrenReady?: string;
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
}
