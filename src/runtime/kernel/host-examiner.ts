import { echoOnce } from "../../adapters/icmp/echoes.ts";
import { driftOf } from "../../adapters/network/apply-plan.ts";
import type { Poller } from "../../adapters/linux/poller.ts";
import { hasAddress, wayTo } from "../../adapters/netlink/way.ts";
import type { EchoPath } from "../../adapters/icmp/echo-socket.ts";
import type { Address } from "../../model/net/address.ts";
import type { Worker } from "../../model/network/endpoint.ts";
import type { NetworkPlan } from "../../model/network/network-plan.ts";
import type { IkeSa } from "../../model/charon/sa.ts";
import type { Ask, Examiner, Placed } from "../diagnosis/examiner.ts";
import type { HostNetwork } from "./host-network.ts";

export interface HostExaminerOptions {
  readonly network: HostNetwork;
  readonly poller: Poller;
  /** The SAs of charon, with statistics. */
  readonly statistics: () => Promise<readonly IkeSa[]>;
  /** A worker's namespace as a path, and what it is to hold; undefined where it is elsewhere. */
  readonly worker: (
    placed: Placed,
    worker: Worker,
  ) => { readonly netns: string; readonly plan: NetworkPlan } | undefined;
}

/** One that is lost says little: it is asked several times, and waited for in milliseconds. */
const anybody = { attempts: 3, timeoutMs: 1_000 };
/** Of one who answered to a smaller packet just now. */
const sized = { attempts: 2, timeoutMs: 400 };

/** Looks at the kernel of this host. */
export class HostExaminer implements Examiner {
  readonly #options: HostExaminerOptions;

  constructor(options: HostExaminerOptions) {
    this.#options = options;
  }

  wayTo(address: Address) {
    return wayTo(this.#options.network.charonNamespace(), address);
  }

  hasAddress(address: Address): boolean {
    return hasAddress(this.#options.network.charonNamespace(), address);
  }

  answersCharon(target: Address): Promise<boolean> {
    return this.#answers({ namespace: this.#options.network.charonNamespace(), target });
  }

  gatewayDrift(placed: Placed): string[] {
    return this.#options.network.driftOf(placed.connection, placed);
  }

  workerDrift(placed: Placed, worker: Worker): string[] | undefined {
    const known = this.#options.worker(placed, worker);
    return known && driftOf(known.netns, known.plan);
  }

  answersGateway(
    { netns }: Placed["gateway"],
    source: Address,
    { target, bytes }: Ask,
  ): Promise<boolean> {
    const path = { namespace: netns, source, target, unfragmented: bytes !== undefined };
    return this.#answers(path, bytes);
  }

  tunnelMtu({ connection, child, tunnel }: Placed): number {
    return this.#options.network.tunnelMtu(connection, child, tunnel);
  }

  xfrmErrors(): ReadonlyMap<string, number> {
    return this.#options.network.xfrmErrors();
  }

  statistics(): Promise<readonly IkeSa[]> {
    return this.#options.statistics();
  }

  async #answers(path: EchoPath, bytes?: number): Promise<boolean> {
    const { attempts, timeoutMs } = bytes === undefined ? anybody : sized;
    for (let i = 0; i < attempts; i++) {
      const ask = { timeoutMs, ...(bytes !== undefined && { bytes }) };
      try {
        if ((await echoOnce(this.#options.poller, path, ask)) !== undefined) return true;
      } catch {
        // It cannot even be sent: no way there, or larger than the device takes.
        return false;
      }
    }
    return false;
  }
}
