import { createHash } from "node:crypto";
import { formatPrefix } from "../net/prefix.ts";
import type { CountedKind, CountedSubject, TrafficDirection } from "../rules/counting-plan.ts";
import { rangeText, type ChildNat, type NetworkPair } from "./child-nat.ts";

/** The characters of a name in nft's language, and fewer of them than the kernel's limit. */
const plainName = /^[\w./-]{1,200}$/;

/** A subject with its counters, whose names contain its own. */
export function countedSubject(kind: CountedKind, name: string): CountedSubject {
  const counter = (direction: TrafficDirection) => `${kind}/${counterText(name)}/${direction}`;
  return { kind, name, inbound: counter("inbound"), outbound: counter("outbound") };
}

function counterText(name: string): string {
  const text = name.replaceAll(" ", "/").replaceAll(":", "-");
  return plainName.test(text) ? text : createHash("sha256").update(name).digest("hex");
}

/** The fields of a child's translation that have rules. */
export type NatField = "source" | "remote";

/** The rule for a pair of networks. */
export function countedPair(field: NatField, { actual, seen }: NetworkPair): CountedSubject {
  return countedSubject("nat", `${field} ${formatPrefix(actual)} as ${formatPrefix(seen)}`);
}

/** The rule for addresses that workers share. */
export function countedAddresses(addresses: NonNullable<ChildNat["addresses"]>): CountedSubject {
  return countedSubject("nat", `source ${rangeText(addresses)}`);
}

/** The rules of a child's translation. */
export function countedNat(nat: ChildNat | undefined): CountedSubject[] {
  if (nat === undefined) return [];
  return [
    ...(nat.addresses === undefined ? [] : [countedAddresses(nat.addresses)]),
    ...nat.local.map((pair) => countedPair("source", pair)),
    ...nat.remote.map((pair) => countedPair("remote", pair)),
  ];
}
