import {
  amendTable,
  frameMark,
  isFrameMark,
  isMemberName,
  replaceTable,
  type RulesMember,
  type RulesPlan,
} from "../../model/rules/rules-plan.ts";
import type { Volumes } from "../../model/rules/counting-plan.ts";
import type { TrackedPort } from "../../model/rules/tracking-plan.ts";
import { Protocol } from "../linux/constants.ts";
import { NetlinkSocket } from "../netlink/socket.ts";
import { NetlinkError } from "../linux/errors.ts";
import { NftError } from "./libnftables.ts";
import { readCounters } from "./read-counters.ts";
import { readTable, type ActualTable } from "./read-table.ts";
import { linuxFilters, missingRequirement, type FilterAccess } from "./requirements.ts";

/** The members that one table got last; the component that applies the plans keeps it. */
export class FilterMemory {
  readonly #others = new Map<string, FilterMemory>();
  /** Also those that others will replace. */
  members: readonly RulesMember[] = [];
  /** The table's fingerprint at that time; undefined before a plan was applied. */
  fingerprint: string | undefined;
  /** The ports without stale flows; undefined before a plan was applied. */
  ports: readonly TrackedPort[] | undefined;

  /** The memory of another table in the same namespace. */
  of(table: string): FilterMemory {
    const known = this.#others.get(table) ?? new FilterMemory();
    this.#others.set(table, known);
    return known;
  }
}

/** The result of {@link restrictRules}. */
export interface Restricted {
  /** The number of transactions. */
  readonly changes: number;
  /** The planned members that the table does not have yet. */
  readonly lacking: readonly RulesMember[];
  /** The members that it has until those replace them. */
  readonly replaced: readonly RulesMember[];
}

/**
 * Makes a table admit nothing that its plan does not admit: replaces it if its frame differs or
 * another program changed it, and removes members that are not planned.
 *
 * @param namespace a path; undefined for the process's own
 * @throws {NftError} `UNAVAILABLE` if the system or the kernel lacks a required part
 * @throws {NetlinkError} if the table cannot be read
 */
export function restrictRules(
  namespace: string | undefined,
  plan: RulesPlan,
  memory: FilterMemory,
  access: FilterAccess = linuxFilters,
): Restricted {
  return orExplained({ namespace, plan, access }, () => {
    using socket = NetlinkSocket.open(namespace, Protocol.netfilter, access.netlink);
    const actual = readTable(socket, plan);
    const volumes = () => volumesOrNone(socket, plan);
    const { commands, members, replaced } = restriction(plan, actual, memory, volumes);
    const present = new Set(members);
    const lacking = plan.members.filter((member) => !present.has(member));
    const changes = run({ namespace, plan, access }, commands);
    const kept = [...members, ...replaced];
    remember(memory, kept, changes === 0 ? actual : readTable(socket, plan));
    return { changes, lacking, replaced };
  });
}

/**
 * Adds members that a table lacks, in place of those that they replace. A sender is admitted after the
 * entries that its answers need.
 *
 * @returns the number of transactions
 * @throws {NftError}
 */
export function admitMembers(
  namespace: string | undefined,
  plan: RulesPlan,
  { lacking, replaced }: Pick<Restricted, "lacking" | "replaced">,
  memory: FilterMemory,
  access: FilterAccess = linuxFilters,
): number {
  if (lacking.length === 0) return 0;
  return orExplained({ namespace, plan, access }, () => {
    using socket = NetlinkSocket.open(namespace, Protocol.netfilter, access.netlink);
    const changes = run({ namespace, plan, access }, amendTable(plan.table, lacking, replaced));
    remember(memory, plan.members, readTable(socket, plan));
    return changes;
  });
}

/** A table and its place. */
interface FilterTable {
  readonly namespace: string | undefined;
  readonly plan: RulesPlan;
  readonly access: FilterAccess;
}

/** Runs commands for a table; an error names the part that the system or the kernel lacks. */
function orExplained<T>(table: FilterTable, change: () => T): T {
  try {
    return change();
  } catch (error) {
    throw explained(error, table);
  }
}

function explained(error: unknown, { namespace, plan, access }: FilterTable): unknown {
  if (!(error instanceof NftError || error instanceof NetlinkError)) return error;
  if (error.code === "UNAVAILABLE") return error;
  const missing = missingRequirement(namespace, plan.frame, access);
  if (missing === undefined) return error;
  const op = `set packet filter ${plan.table}`;
  return new NftError(op, missing, { code: "UNAVAILABLE", cause: error });
}

/** Whether a namespace has a table of ipman, even from another plan. */
export function isFiltered(
  namespace: string | undefined,
  plan: Pick<RulesPlan, "table" | "sets" | "family">,
  { netlink }: FilterAccess = linuxFilters,
): boolean {
  try {
    using socket = NetlinkSocket.open(namespace, Protocol.netfilter, netlink);
    return isFrameMark(readTable(socket, plan).comment);
  } catch (error) {
    if (error instanceof NetlinkError) return false;
    throw error;
  }
}

/** Whether a pass would change the table. */
export function rulesDiffer(
  namespace: string | undefined,
  plan: RulesPlan,
  memory: FilterMemory,
  { netlink }: FilterAccess = linuxFilters,
): boolean {
  using socket = NetlinkSocket.open(namespace, Protocol.netfilter, netlink);
  const actual = readTable(socket, plan);
  const { commands, members } = restriction(plan, actual, memory, () => new Map());
  return commands !== undefined || members.length < plan.members.length;
}

function run({ namespace, plan, access }: FilterTable, commands: string | undefined): number {
  if (commands === undefined) return 0;
  access.nft.run(`set packet filter ${plan.table}`, namespace, commands);
  return 1;
}

function remember(
  memory: FilterMemory,
  members: readonly RulesMember[],
  { fingerprint }: ActualTable,
): void {
  memory.members = members;
  memory.fingerprint = fingerprint;
}

/** The values of a table's counters. Statistics that cannot be read must not keep a table from being replaced. */
function volumesOrNone(socket: NetlinkSocket, plan: RulesPlan): Volumes {
  try {
    return readCounters(socket, plan);
  } catch (error) {
    if (error instanceof NetlinkError) return new Map();
    throw error;
  }
}

/** The commands of a restriction, and the members that the table has after it. */
interface Restriction {
  readonly commands: string | undefined;
  /** The planned ones. */
  readonly members: readonly RulesMember[];
  /** The ones that planned members will replace. */
  readonly replaced: readonly RulesMember[];
}

/** @param volumes reads the values of the table's counters, which a table that replaces it keeps */
function restriction(
  plan: RulesPlan,
  actual: ActualTable,
  { members, fingerprint }: FilterMemory,
  volumes: () => Volumes,
): Restriction {
  if (actual.comment === "" && fingerprint === undefined)
    return { commands: replaceTable({ ...plan, members: [] }), members: [], replaced: [] };
  // A replaced table has all members at once: those that it had before go on sending.
  const replacement = () => {
    const isCounting = plan.counted !== undefined && actual.comment !== "";
    const commands = replaceTable(plan, isCounting ? volumes() : new Map());
    return { commands, members: plan.members, replaced: [] };
  };
  if (actual.comment !== frameMark(plan)) return replacement();
  const wanted = new Set(plan.members.map(({ name }) => name));
  const isUnknown = (chain: string) => isMemberName(chain) && !wanted.has(chain);
  // A table that an earlier process made can be kept, but not amended: its elements are not known.
  const isForeign =
    fingerprint === undefined
      ? [...actual.chains].some(isUnknown) || actual.size !== sizeOf(plan, actual)
      : fingerprint !== actual.fingerprint;
  if (isForeign) return replacement();
  const present = plan.members.filter(({ name }) => actual.chains.has(name));
  const unwanted = members.filter(({ name }) => !wanted.has(name));
  const lacking = plan.members.filter(({ name }) => !actual.chains.has(name));
  const { replaced = [], removed = [] } = Object.groupBy(unwanted, replacedBy(lacking));
  return {
    commands: removed.length === 0 ? undefined : amendTable(plan.table, [], removed),
    members: present,
    replaced,
  };
}

/** Whether a member goes at once, or when one of these takes its place. */
function replacedBy(lacking: readonly RulesMember[]) {
  const keys = new Set(lacking.filter(({ isSwapped }) => isSwapped).flatMap(identities));
  return (member: RulesMember) =>
    member.isSwapped === true && identities(member).some((key) => keys.has(key))
      ? "replaced"
      : "removed";
}

/** Its keys, and its counter, whose value stays while the ports of a Service change. */
function identities(member: RulesMember): string[] {
  const { counter } = member;
  return [...keysOf(member), ...(counter === undefined ? [] : [`counter ${counter}`])];
}

function keysOf({ elements }: RulesMember): string[] {
  return elements.map(({ set, key }) => `${set} ${key}`);
}

/** The number of elements of those planned members that the table has. */
function sizeOf({ members }: RulesPlan, { chains }: ActualTable): number {
  const present = members.filter(({ name }) => chains.has(name));
  return new Set(present.flatMap(keysOf)).size;
}
