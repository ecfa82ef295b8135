import { join } from "node:path";
import type { LabCluster } from "./cluster.ts";
import { configurePeer, type PeerConnection } from "./peer.ts";

/** The addresses of the partner's gateways. */
export const gatewayAddresses = { first: "192.168.1.11", second: "192.168.1.12" } as const;

export type GatewayName = keyof typeof gatewayAddresses;

/** A host in the network behind both gateways, and the port of its greeter (`greeter.ts`). */
export const behind = "10.0.1.1";
export const greeterPort = 5433;

const script = join(import.meta.dirname, "partner.sh");

/** A partner with two gateways before one network, on the peer's machine; see partner.sh. */
export class Partner implements AsyncDisposable {
  readonly #cluster: LabCluster;

  private constructor(cluster: LabCluster) {
    this.#cluster = cluster;
  }

  /** @param roundTripMs the time from the nodes to the gateways and back */
  static async build(cluster: LabCluster, roundTripMs: number): Promise<Partner> {
    const addresses = Object.values(gatewayAddresses).join(" ");
    await cluster.peer.sh(`bash ${script} build ${roundTripMs} ${addresses}`);
    return new Partner(cluster);
  }

  /** Has a gateway accept these connections alone. */
  configure(gateway: GatewayName, connections: readonly PeerConnection[]): Promise<void> {
    return configurePeer(this.#cluster, connections, `partner/${gateway}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster.peer.sh(`bash ${script} remove`);
  }
}
