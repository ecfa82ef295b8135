import {
  amendTable,
  frameMark,
  isFrameMark,
  isMemberName,
  replaceTable,
  type RulesMember,
  type RulesPlan,
} from "../../model/network/rules-plan.ts";
import { Protocol } from "../linux/constants.ts";
import { NetlinkSocket } from "../netlink/socket.ts";
import { NetlinkError } from "../linux/errors.ts";
import { NftError } from "./libnftables.ts";
import { readTable, type ActualTable } from "./read-table.ts";
import { linuxFilters, missingRequirement, type FilterAccess } from "./requirements.ts";

/** The plan that one table was built from last; the component that applies the plans keeps it. */
export class FilterMemory {
  members: readonly RulesMember[] = [];
  /** The table's fingerprint at that time; undefined before a plan was applied. */
  fingerprint: string | undefined;
}

/**
 * Makes a table match its plan: replaces it if its frame differs or another program changed it, and
 * amends it if only members were added or removed.
 *
 * @param namespace a path; undefined for the process's own
 * @returns the number of transactions
 * @throws {NftError} `UNAVAILABLE` if the system or the kernel lacks a required part
 * @throws {NetlinkError} if the table cannot be read
 */
export function applyRules(
  namespace: string | undefined,
  plan: RulesPlan,
  memory: FilterMemory,
  access: FilterAccess = linuxFilters,
): number {
  try {
    return apply(namespace, plan, memory, access);
  } catch (error) {
    throw explained(error, namespace, plan, access);
  }
}

function explained(
  error: unknown,
  namespace: string | undefined,
  plan: RulesPlan,
  access: FilterAccess,
): unknown {
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
  { table, sets }: RulesPlan,
  { netlink }: FilterAccess = linuxFilters,
): boolean {
  try {
    using socket = NetlinkSocket.open(namespace, Protocol.netfilter, netlink);
    return isFrameMark(readTable(socket, table, sets).comment);
  } catch (error) {
    if (error instanceof NetlinkError) return false;
    throw error;
  }
}

function apply(
  namespace: string | undefined,
  plan: RulesPlan,
  memory: FilterMemory,
  { netlink, nft }: FilterAccess,
): number {
  using socket = NetlinkSocket.open(namespace, Protocol.netfilter, netlink);
  const before = readTable(socket, plan.table, plan.sets);
  const commands = commandsFor(plan, before, memory);
  if (commands !== undefined) nft.run(`set packet filter ${plan.table}`, namespace, commands);
  const after = commands === undefined ? before : readTable(socket, plan.table, plan.sets);
  memory.members = plan.members;
  memory.fingerprint = after.fingerprint;
  return commands === undefined ? 0 : 1;
}

/** Whether a pass would change the table. */
export function rulesDiffer(
  namespace: string | undefined,
  plan: RulesPlan,
  memory: FilterMemory,
  { netlink }: FilterAccess = linuxFilters,
): boolean {
  using socket = NetlinkSocket.open(namespace, Protocol.netfilter, netlink);
  return commandsFor(plan, readTable(socket, plan.table, plan.sets), memory) !== undefined;
}

function commandsFor(
  plan: RulesPlan,
  actual: ActualTable,
  { members, fingerprint }: FilterMemory,
): string | undefined {
  if (actual.comment !== frameMark(plan)) return replaceTable(plan);
  const wanted = new Set(plan.members.map(({ name }) => name));
  const isUnknown = (chain: string) => isMemberName(chain) && !wanted.has(chain);
  // A table that an earlier process made can be kept, but not amended: its elements are not known.
  const isForeign =
    fingerprint === undefined
      ? [...actual.chains].some(isUnknown) || actual.size !== sizeOf(plan, actual)
      : fingerprint !== actual.fingerprint;
  if (isForeign) return replaceTable(plan);
  const added = plan.members.filter(({ name }) => !actual.chains.has(name));
  const removed = members.filter(({ name }) => !wanted.has(name));
  const isAsPlanned = added.length === 0 && removed.length === 0;
  return isAsPlanned ? undefined : amendTable(plan.table, added, removed);
}

/** The number of elements of those planned members that the table has. */
function sizeOf({ members }: RulesPlan, { chains }: ActualTable): number {
  const present = members.filter(({ name }) => chains.has(name));
  const elements = present.flatMap((member) => member.elements);
  return new Set(elements.map(({ set, key }) => `${set} ${key}`)).size;
}
