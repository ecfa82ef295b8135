import { inNetns } from "../../lab/sites/shell.ts";
import { transfer } from "../../lab/sites/transfer.ts";
import { quantile } from "../row.ts";

const size = "48M";
const pings = 2_000;

/** A way from one namespace to another, by an address of the latter. */
export interface Way {
  readonly from: string;
  readonly to: string;
  readonly address: string;
  /** The port of a transfer; that of iperf3 by default. */
  readonly port?: number;
}

/** The traffic on one way, measured several times. */
export class Traffic {
  /** In Mbit/s. */
  readonly #rates: number[] = [];
  /** In milliseconds. */
  readonly #times: number[] = [];
  readonly #way: Way;

  constructor(way: Way) {
    this.#way = way;
  }

  /** Measures a transfer, and pings unless the way is for one port alone. */
  async measure(): Promise<void> {
    const { from, to, address, port } = this.#way;
    const options = port === undefined ? [] : ["-p", String(port)];
    const { bits_per_second: rate } = await transfer(to, from, address, size, ...options);
    this.#rates.push(rate / 1e6);
    if (port !== undefined) return;
    const output = inNetns(from, `ping -n -q -f -c ${pings} ${address}`);
    this.#times.push(Number(/rtt [^=]*= [\d.]+\/([\d.]+)\//.exec(output)?.[1]));
  }

  get rate(): number {
    return quantile(this.#rates, 0.5);
  }

  get ping(): number {
    return quantile(this.#times, 0.5);
  }
}
