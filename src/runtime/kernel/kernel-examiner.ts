import { echoOnce } from "../../adapters/icmp/echoes.ts";
import { driftOf } from "../../adapters/network/apply-plan.ts";
import type { DescriptorWatcher } from "../../adapters/linux/poller.ts";
import { hasAddress } from "../../adapters/netlink/addresses.ts";
import { egressTo, type Egress } from "../../adapters/netlink/route-lookup.ts";
import type { EchoPath } from "../../adapters/icmp/echo-socket.ts";
import { tcpAnswer, type TcpAnswer } from "../../adapters/tcp/tcp-answer.ts";
import type { Address } from "../../model/net/address.ts";
import type { Worker } from "../../model/network/endpoint.ts";
import type { NetworkPlan } from "../../model/network/network-plan.ts";
import type { KernelCounters } from "../../model/traffic/sa-counters.ts";
import type { IkeSa } from "../../model/charon/sa.ts";
import type { Ask, Examiner, Placed } from "../diagnosis/examiner.ts";
import type { KernelNetwork } from "./kernel-network.ts";

export interface KernelExaminerOptions {
  readonly network: KernelNetwork;
  readonly poller: DescriptorWatcher;
  /** The SAs of charon, with statistics. */
  readonly statistics: () => Promise<readonly IkeSa[]>;
  /** A worker's namespace, as a path, and its plan; undefined if it is on another machine. */
  readonly worker: (
    placed: Placed,
    worker: Worker,
  ) => { readonly netns: string; readonly plan: NetworkPlan } | undefined;
}

/** For an echo of the smallest size: several attempts, since one lost packet proves little. */
const anySize = { attempts: 3, timeoutMs: 1_000 };
/** For an echo of a given size, to an address that just answered a smaller one. */
const givenSize = { attempts: 2, timeoutMs: 400 };

/** For a connection by TCP: a SYN that is lost is sent again after 1 s and 3 s. */
const tcpMs = 3_500;

/** Examines the kernel of this machine. */
export class KernelExaminer implements Examiner {
  readonly #options: KernelExaminerOptions;

  constructor(options: KernelExaminerOptions) {
    this.#options = options;
  }

  wayTo(address: Address): Egress | undefined {
    return egressTo(this.#options.network.charonNamespace(), address);
  }

  hasAddress(address: Address): boolean {
    return hasAddress(this.#options.network.charonNamespace(), address);
  }

  answersCharon(target: Address): Promise<boolean> {
    return this.#answers({ namespace: this.#options.network.charonNamespace(), target });
  }

  gatewayDrift(placed: Placed): string[] {
    return this.#options.network.driftOf(placed);
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

  tcpAnswer(address: Address, port: number): Promise<TcpAnswer> {
    return tcpAnswer(address, port, tcpMs);
  }

  tunnelMtu({ connection, child, tunnel }: Placed): number {
    return this.#options.network.tunnelMtu(connection, child, tunnel);
  }

  xfrmErrors(): ReadonlyMap<string, number> {
    return this.#options.network.xfrmErrors();
  }

  saCounters(): readonly KernelCounters[] {
    return this.#options.network.saCounters();
  }

  statistics(): Promise<readonly IkeSa[]> {
    return this.#options.statistics();
  }

  async #answers(path: EchoPath, bytes?: number): Promise<boolean> {
    const { attempts, timeoutMs } = bytes === undefined ? anySize : givenSize;
    for (let i = 0; i < attempts; i++) {
      const ask = { timeoutMs, ...(bytes !== undefined && { bytes }) };
      try {
        if ((await echoOnce(this.#options.poller, path, ask)) !== undefined) return true;
      } catch {
        // The kernel does not send it: there is no route, or it is larger than the device's MTU.
        return false;
      }
    }
    return false;
  }
}
