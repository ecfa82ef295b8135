import { formatAddress, type Address } from "../net/address.ts";
import { formatHostPort } from "../net/host-port.ts";
import { memberName, type RulesMember, type SetElement } from "../rules/rules-plan.ts";
import { Memo } from "../value/memo.ts";
import type { Backend, ChildServices, ExposedPort, RemotePort } from "./child-services.ts";
import { slotCount, slotsOf } from "./slots.ts";

/** The names of the sets and maps with elements of Services; `translation-rules.ts` declares them. */
export const serviceSets = {
  /** Address, protocol and port that the partner sends to → the chain of its backends. */
  exposed: "exposed",
  /** The addresses of Services, and what answers echo requests to them. */
  shown: "shown",
  echoes: "echoes",
  /** Backend → the address and port at which the partner knows it. */
  answers: "answers",
  /** Protocol and port of the gateway → the chain of the partner's hosts. */
  remotes: "remotes",
  /** The mark of a remote Service → the source that the partner sees. */
  sources: "sources",
  /** Address, protocol and port that packets are sent to → the chain that counts them. */
  arriving: "arriving",
  /** The same of the source of packets that leave. */
  leaving: "leaving",
} as const;

/** The seed of the hash that chooses a backend: the same on all gateways. */
const seed = "0x69706d61";

/** The context of members. */
export interface ServiceMembersFacts {
  readonly services: ChildServices;
  /** nft's name of the child's family. */
  readonly family: string;
  /** The gateway's own address in the tunnel, which answers echo requests. */
  readonly gateway: Address;
  /** The address in the segment of a pod that is a worker of the child. */
  readonly inSegment: (pod: Address) => Address | undefined;
}

/**
 * The parts of a gateway's packet filter for the Services of its child: a chain for each port, and one
 * for each address. Chains whose elements have the same keys replace each other at once.
 */
export function serviceMembers(facts: ServiceMembersFacts): RulesMember[] {
  const { exposed, remote } = facts.services;
  const known = new Set<string>();
  return [
    ...shownAddresses(exposed).map((address) => shownMember(address, facts)),
    ...exposed.flatMap((port) => exposedMember(port, facts, known)),
    ...remote.flatMap((port) => remoteMember(port, facts)),
  ];
}

/** A backend by the address at which the gateway reaches it. */
interface BackendTarget extends Backend {
  readonly isWorker: boolean;
}

/**
 * The backends of a port that a gateway can reach by the child's family, by their addresses there. A
 * worker is there once, although a dual-stack Service lists both addresses of its pod.
 */
export function reachable(
  backends: readonly Backend[],
  facts: Pick<ServiceMembersFacts, "gateway" | "inSegment">,
): BackendTarget[] {
  const targets = backends.flatMap(({ address, port }): BackendTarget[] => {
    const worker = facts.inSegment(address);
    if (worker !== undefined) return [{ address: worker, port, isWorker: true }];
    return address.family === facts.gateway.family ? [{ address, port, isWorker: false }] : [];
  });
  return [
    ...new Map(
      targets.map((target) => [formatHostPort(target.address, target.port), target]),
    ).values(),
  ];
}

function exposedMember(
  port: ExposedPort,
  facts: ServiceMembersFacts,
  known: Set<string>,
): RulesMember[] {
  const targets = reachable(port.backends, facts);
  if (targets.length === 0) return [];
  // One connection that goes on after a move may begin with an answer, whose source has to be the Service's.
  const answering = targets.flatMap((target): string[] => {
    const key = `${formatAddress(target.address)} . ${target.port}`;
    if (port.transport !== "tcp" || !target.isWorker || known.has(key)) return [];
    known.add(key);
    return [key];
  });
  const names = targets.map(({ address, port: number }) => formatHostPort(address, number));
  return [
    exposedMembers.of(port, [facts.family, ...names, ...answering], () =>
      memberOf(port, targets, answering, facts),
    ),
  ];
}

/** Slots are filled only for a port whose targets changed: a child may have hundreds of ports. */
const exposedMembers = new Memo<ExposedPort, RulesMember>();

function memberOf(
  { address, transport, port, affinity }: ExposedPort,
  targets: readonly BackendTarget[],
  answering: readonly string[],
  facts: ServiceMembersFacts,
): RulesMember {
  const at = formatAddress(address);
  const rule = `meta l4proto ${transport} dnat ${facts.family} to ${chosen(targets, affinity, facts)}`;
  return swappedMember(
    [rule],
    [{ set: serviceSets.exposed, key: `${at} . ${transport} . ${port}` }],
    answering.map((key) => ({ set: serviceSets.answers, key, value: `${at} . ${port}` })),
  );
}

/** Echo requests to the address of a Service are answered by the gateway. */
function shownMember(address: string, { family, gateway }: ServiceMembersFacts): RulesMember {
  const rule = `dnat ${family} to ${formatAddress(gateway)}`;
  return swappedMember(
    [rule],
    [{ set: serviceSets.echoes, key: address }],
    [{ set: serviceSets.shown, key: address }],
  );
}

function shownAddresses(exposed: readonly ExposedPort[]): string[] {
  return [...new Set(exposed.map(({ address }) => formatAddress(address)))];
}

function remoteMember(
  { transport, gatewayPort, source, backends }: RemotePort,
  facts: ServiceMembersFacts,
): RulesMember[] {
  const hosts = backends.filter(({ address }) => address.family === facts.gateway.family);
  if (hosts.length === 0) return [];
  const mark = markOf(transport, gatewayPort);
  const rules = [
    `meta mark set ${mark}`,
    `meta l4proto ${transport} dnat ${facts.family} to ${chosen(hosts, false, facts)}`,
  ];
  return [
    swappedMember(
      rules,
      [{ set: serviceSets.remotes, key: `${transport} . ${gatewayPort}` }],
      [{ set: serviceSets.sources, key: mark, value: formatAddress(source) }],
    ),
  ];
}

const protocolNumbers = { tcp: 6, udp: 17, sctp: 132 } as const;

/** The mark of the packets of a remote Service, by its port of the gateway. */
function markOf(transport: keyof typeof protocolNumbers, port: number): string {
  return `0x${((protocolNumbers[transport] << 16) | port).toString(16).padStart(8, "0")}`;
}

/** The target of a translation: one host, or a choice among several by a hash of the client. */
function chosen(
  targets: readonly Backend[],
  affinity: boolean,
  { family }: Pick<ServiceMembersFacts, "family">,
): string {
  const names = targets.map(({ address, port }) => formatHostPort(address, port));
  const [first] = names;
  if (names.length === 1) return first as string;
  const client = affinity ? `${family} saddr` : `${family} saddr . th sport`;
  const values = targets.map(({ address, port }) => `${formatAddress(address)} . ${port}`);
  const slots = slotsOf(names).map((index, slot) => `${slot} : ${values[index]}`);
  return `jhash ${client} mod ${slotCount} seed ${seed} map { ${slots.join(", ")} }`;
}

/** A member that another one with the same keys replaces at once; the keys lead to its chain. */
export function swappedMember(
  rules: readonly string[],
  keys: readonly SetElement[],
  others: readonly SetElement[],
): RulesMember {
  const texts = [...keys, ...others].map(({ set, key, value = "" }) => `${set} ${key} ${value}`);
  const name = memberName(...rules, ...texts);
  return {
    name,
    rules,
    elements: [...keys.map((key) => ({ ...key, value: `goto ${name}` })), ...others],
    isSwapped: true,
  };
}
