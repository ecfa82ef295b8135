import { isInstalled, type ChildSa } from "../../charon/sa.ts";
import { formatAddress, sameAddress, type Address } from "../../net/address.ts";
import { contains, parsePrefix } from "../../net/prefix.ts";
import { note, ok, problem, type Finding } from "../../status/finding.ts";
import { actualRemote, rangeText, seenLocal, type ChildNat } from "../../translation/child-nat.ts";
import type { ServiceRequest } from "../service-request.ts";
import type { ServiceSubject } from "./service-subject.ts";

/**
 * Checks whether the networks that were negotiated with the partner have the Service's address, and a
 * remote Service's hosts, as the partner knows them.
 */
export function checkSelectors(subject: ServiceSubject): Finding[] {
  const { tunnel, address, child, request } = subject;
  const sas = (tunnel?.sas ?? []).filter(isInstalled);
  if (child === undefined || address === undefined || sas.length === 0) return [];
  const local = sas.flatMap((sa) => sa.localSelectors);
  const remote = sas.flatMap((sa) => sa.remoteSelectors);
  // A selector of some ports or protocols, or a range.
  if ([...local, ...remote].some((text) => parsePrefix(text) === undefined))
    return [note("selectors", `are ${local.join(" ")} with ${remote.join(" ")}`)];
  const shown = shownAddresses(address, request, child.nat);
  const outside = shown.find((one) => !covers(local, one));
  if (outside !== undefined)
    return [
      problem(
        "selectors",
        `${asSeen(address, outside, "the partner sees it as")} is in none of the local networks of the CHILD SA: ${local.join(" ")}`,
        "use a pool of addresses in these networks, or declare the network in local_ips on this side and on the partner's",
      ),
    ];
  const hosts = request.kind === "remote" ? request.hosts : [];
  const lost = hosts.find((host) => !isCarried(sas, shown, actualRemote(host, child.nat)));
  if (lost === undefined) return [ok("selectors", carriedText(shown, hosts.length))];
  const actual = actualRemote(lost, child.nat);
  return [
    problem(
      "selectors",
      `the host ${asSeen(lost, actual, "the partner knows it as")} is in none of the partner's networks of the CHILD SA: ${remote.join(" ")}`,
      "correct the annotation, or declare the network in remote_ips on this side and on the partner's",
    ),
  ];
}

/** The addresses by which the partner may know the Service's, at most the first and last of a range. */
function shownAddresses(
  address: Address,
  { kind }: ServiceRequest,
  nat: ChildNat | undefined,
): Address[] {
  // The partner reaches a Service by its own address, although workers share others.
  const translation = kind === "exposed" ? nat && { ...nat, addresses: undefined } : nat;
  const shown = seenLocal(address, translation);
  if (shown !== undefined) return [shown];
  const { first = address, last = address } = nat?.addresses ?? {};
  return [first, last];
}

function asSeen(address: Address, seen: Address, words: string): string {
  const text = formatAddress(address);
  return sameAddress(address, seen) ? text : `${text} (${words} ${formatAddress(seen)})`;
}

function covers(networks: readonly string[], address: Address): boolean {
  return networks.some((text) => {
    const prefix = parsePrefix(text);
    return prefix !== undefined && contains(prefix, address);
  });
}

/** Whether one CHILD SA has both ends: several of them may have a pair of networks each. */
function isCarried(sas: readonly ChildSa[], shown: readonly Address[], host: Address): boolean {
  return shown.every((source) =>
    sas.some((sa) => covers(sa.localSelectors, source) && covers(sa.remoteSelectors, host)),
  );
}

function carriedText(shown: readonly Address[], hosts: number): string {
  const [first, last = first] = shown as [Address, Address?];
  const text = rangeText({ first, last });
  if (hosts === 0) return `the CHILD SA has ${text}`;
  return `the CHILD SA has ${text} and ${hosts === 1 ? "the host" : `all ${hosts} hosts`}`;
}
