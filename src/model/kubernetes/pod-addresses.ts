import { parseAddress, type Address, type Family } from "../net/address.ts";
import type { Pod } from "./worker-pod.ts";

/** The addresses of a pod on the pod network: at most one of each family. */
export interface PodAddresses {
  /** The pod's first address. */
  readonly underlay: Address;
  readonly alternate: Address | undefined;
}

/** Kubernetes allows one address of each family; the rest of a longer list is ignored. */
const mostRead = 8;

/**
 * Reads the addresses in a pod's status, without malformed ones. In a dual-stack cluster `podIPs`
 * has all addresses; an older API server writes `podIP` alone.
 *
 * @returns undefined if no address is valid
 */
export function podAddresses({ status }: Pick<Pod, "status">): PodAddresses | undefined {
  const listed: unknown = status?.podIPs;
  const entries: readonly unknown[] = Array.isArray(listed) ? listed.slice(0, mostRead) : [];
  const texts = [status?.podIP, ...entries.map(ipOf)];
  const [underlay, ...others] = texts.flatMap((text) =>
    typeof text === "string" ? (parseAddress(text) ?? []) : [],
  );
  if (underlay === undefined) return undefined;
  return { underlay, alternate: others.find(({ family }) => family !== underlay.family) };
}

function ipOf(entry: unknown): unknown {
  return typeof entry === "object" && entry !== null && "ip" in entry ? entry.ip : undefined;
}

/** The address of an endpoint that has this family. */
export function underlayIn(
  { underlay, alternate }: { readonly underlay: Address; readonly alternate?: Address | undefined },
  family: Family,
): Address | undefined {
  return [underlay, alternate].find((address) => address?.family === family);
}
