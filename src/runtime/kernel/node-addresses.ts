import {
  FloatingAddresses,
  type FloatingAddressesOptions,
} from "../../adapters/floating/floating-addresses.ts";
import type { FloatingAddress } from "../../model/api/connection.ts";
import { formatAddress, type Address } from "../../model/net/address.ts";
import { formatPrefix, networkOf } from "../../model/net/prefix.ts";
import { failure, Reason } from "../../model/status/failure.ts";
import type { AddressPort } from "../ports/ports.ts";
import { Refusal } from "../ports/refusal.ts";

/** The floating addresses of this node. */
export class NodeAddresses implements AddressPort {
  readonly #addresses: FloatingAddresses;

  constructor(options: FloatingAddressesOptions) {
    this.#addresses = new FloatingAddresses(options);
  }

  hold(floating: FloatingAddress): boolean {
    const held = this.#addresses.hold(floating);
    if (held.ok) return held.added;
    throw new Refusal(failure(Reason.FloatingAddressUnavailable, refusalOf(held, floating)));
  }

  announce(address: Address): void {
    this.#addresses.announce(address);
  }

  release(address: Address): void {
    this.#addresses.release(address);
  }

  releaseOthers(declared: readonly Address[]): readonly Address[] {
    return this.#addresses.releaseOthers(declared);
  }
}

function refusalOf(
  held: Extract<ReturnType<FloatingAddresses["hold"]>, { ok: false }>,
  { prefix, interfaceName }: FloatingAddress,
): string {
  if (held.why === "foreign")
    return `the node has ${formatAddress(prefix.address)} on ${held.interfaceName} already, and ipman did not add it: remove it from the node, or use another floatingAddr`;
  return interfaceName === undefined
    ? `no interface of the node has an address in ${formatPrefix(networkOf(prefix))}: set failover.floatingInterface`
    : `the node has no interface ${interfaceName}: change failover.floatingInterface`;
}
