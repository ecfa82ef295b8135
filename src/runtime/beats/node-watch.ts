import { formatAddress, type Address } from "../../model/net/address.ts";

/** Sends echo requests to one address, until it is disposed of. */
export interface EchoTarget extends Disposable {
  readonly send: (sequence: number) => void;
  /** Receives the answers that have arrived. */
  readonly drain: () => void;
}

/**
 * Opens an echo target.
 *
 * @param onAnswer called for each answer
 * @throws if the process may not or cannot send to the address
 */
export type OpenEcho = (target: Address, onAnswer: () => void) => EchoTarget;

/** A node has so many targets: its agent's pod and some of its gateways. */
const mostTargets = 4;
/** Sequence numbers on the wire have 16 bits. */
const sequenceMask = 0xffff;

/**
 * Requests echoes from the pods of one group. The kernel of the node answers them, however busy its
 * processes are.
 */
export class NodeWatch implements Disposable {
  readonly #open: OpenEcho;
  readonly #onAnswer: () => void;
  readonly #targets = new Map<string, EchoTarget>();
  #addresses: readonly Address[] = [];
  #sequence = 0;

  constructor(open: OpenEcho, onAnswer: () => void) {
    this.#open = open;
    this.#onAnswer = onAnswer;
  }

  /** Replaces the addresses. */
  aim(addresses: readonly Address[]): void {
    this.#addresses = addresses.slice(0, mostTargets);
    const wanted = new Set(this.#addresses.map(formatAddress));
    for (const text of this.#targets.keys()) if (!wanted.has(text)) this.#close(text);
  }

  /** Sends a request to each address; one that cannot be sent stays unanswered. */
  ask(): void {
    this.#sequence = (this.#sequence + 1) & sequenceMask;
    for (const address of this.#addresses) this.#ask(address);
  }

  /** Receives the answers that have arrived. */
  drain(): void {
    for (const target of this.#targets.values()) target.drain();
  }

  [Symbol.dispose](): void {
    this.aim([]);
  }

  #ask(address: Address): void {
    const text = formatAddress(address);
    try {
      const target = this.#targets.get(text) ?? this.#open(address, this.#onAnswer);
      this.#targets.set(text, target);
      target.send(this.#sequence);
    } catch {
      // Without a route now, the next request opens another socket.
      this.#close(text);
    }
  }

  #close(text: string): void {
    this.#targets.get(text)?.[Symbol.dispose]();
    this.#targets.delete(text);
  }
}
