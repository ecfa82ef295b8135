import { formatAddress, parseAddress, type Address } from "../../model/net/address.ts";
import type { StateCodec, StateFile } from "../files/state-file.ts";

/** The format of the file. */
export const keptAddressesCodec: StateCodec<readonly string[]> = {
  format: (addresses) => addresses,
  parse: (json) => {
    if (Array.isArray(json) && json.every(isAddress)) return json;
    throw new Error("it is not a list of addresses");
  },
};

function isAddress(value: unknown): value is string {
  return typeof value === "string" && parseAddress(value) !== undefined;
}

/**
 * The addresses that ipman added to a node since it booted, in a file that outlives the process. An
 * address is written before it is added, and removed from the file after it was removed from the node.
 */
export class KeptAddresses {
  readonly #file: StateFile<readonly string[]>;
  readonly #onTrouble: (error: unknown) => void;
  #known: readonly string[];

  constructor(file: StateFile<readonly string[]>, onTrouble: (error: unknown) => void) {
    this.#file = file;
    this.#onTrouble = onTrouble;
    this.#known = file.read(onTrouble) ?? [];
  }

  has(address: Address): boolean {
    return this.#known.includes(formatAddress(address));
  }

  add(address: Address): void {
    if (!this.has(address)) this.#write([...this.#known, formatAddress(address)]);
  }

  removeWhere(isGone: (address: Address) => boolean): void {
    const left = this.#known.filter((text) => !isGone(parseAddress(text) as Address));
    if (left.length < this.#known.length) this.#write(left);
  }

  /** On a kernel that keeps the mark, an address is found without the file. */
  #write(addresses: readonly string[]): void {
    this.#known = addresses;
    try {
      this.#file.write(addresses);
    } catch (error) {
      this.#onTrouble(error);
    }
  }
}
