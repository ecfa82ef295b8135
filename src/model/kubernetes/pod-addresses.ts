import { parseAddress, type Address, type Family } from "../net/address.ts";
import type { Pod } from "./worker-pod.ts";

/** The addresses of a pod on the pod network: at most one of each family, the pod's first first. */
export interface PodAddresses {
  readonly underlay: Address;
  readonly alternate: Address | undefined;
}

/** Kubernetes allows one address of each family; a status that has more is not read to its end. */
const mostRead = 8;

/**
 * Reads the addresses in a pod's status; what is malformed is left out. `podIPs` has all of them
 * where the cluster is dual-stack, and an older API server writes `podIP` alone.
 *
 * @returns undefined where none is good
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

/** That of an endpoint's addresses which is of a family. */
export function underlayIn(
  { underlay, alternate }: { readonly underlay: Address; readonly alternate?: Address | undefined },
  family: Family,
): Address | undefined {
  return [underlay, alternate].find((address) => address?.family === family);
}
