import { setTimeout as pause } from "node:timers/promises";
import { ip } from "../sites/shell.ts";
import { podNetworks } from "./cluster.ts";

/** A link between two machines, which a test cuts while others keep theirs. */
export class Link implements Disposable {
  readonly #ports: readonly string[];
  /** The rules for packets between the pods of both nodes, which this namespace routes. */
  readonly #rules: readonly string[];

  private constructor(ports: readonly string[], rules: readonly string[] = []) {
    this.#ports = ports;
    this.#rules = rules;
  }

  static withPeer(node: keyof typeof podNetworks): Link {
    return new Link([`tap-${node}`, "tap-peer"]);
  }

  static betweenNodes(): Link {
    const [one, other] = Object.values(podNetworks);
    const rules = [`from ${one} to ${other} blackhole`, `from ${other} to ${one} blackhole`];
    return new Link(["tap-node-a", "tap-node-b"], rules);
  }

  cut(): void {
    this.#isolate("on");
    for (const rule of this.#rules) ip(`rule add ${rule}`);
  }

  repair(): void {
    this.#isolate("off");
    for (const rule of this.#rules) ip(`rule del ${rule}`);
  }

  /** Cuts and repairs it in turn, for these durations. */
  async flap(periodsMs: readonly number[]): Promise<void> {
    for (const [at, periodMs] of periodsMs.entries()) {
      if (at % 2 === 0) this.cut();
      else this.repair();
      await pause(periodMs);
    }
    if (periodsMs.length % 2 === 1) this.repair();
  }

  [Symbol.dispose](): void {
    this.#isolate("off");
  }

  /** Two isolated ports of a bridge exchange nothing with each other. */
  #isolate(state: "on" | "off"): void {
    for (const port of this.#ports) ip(`link set ${port} type bridge_slave isolated ${state}`);
  }
}
