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
import { NftError, runNft } from "./libnftables.ts";
import { readTable, type ActualTable } from "./read-table.ts";
import { missingRequirement } from "./requirements.ts";

/** What one table was made of last, kept by who applies its plans. */
export class FilterMemory {
  members: readonly RulesMember[] = [];
  /** Of the table as the kernel had it then; undefined before a plan was applied. */
  fingerprint: string | undefined;
}

/**
 * Makes a table as planned. Compares it with what the kernel has; replaces it where its frame
 * is another or something else changed it, and amends it where only members came or went.
 *
 * @param namespace a path; undefined for the process's own
 * @returns how many transactions that took
 * @throws {NftError} `UNAVAILABLE` where the system or the kernel lacks what the filter needs
 */
export function applyRules(
  namespace: string | undefined,
  plan: RulesPlan,
  memory: FilterMemory,
): number {
  try {
    return apply(namespace, plan, memory);
  } catch (error) {
    throw explained(error, namespace, plan);
  }
}

function explained(error: unknown, namespace: string | undefined, plan: RulesPlan): unknown {
  if (!(error instanceof NftError || error instanceof NetlinkError)) return error;
  if (error.code === "UNAVAILABLE") return error;
  const missing = missingRequirement(namespace, plan.frame);
  if (missing === undefined) return error;
  const op = `set packet filter ${plan.table}`;
  return new NftError(op, missing, { code: "UNAVAILABLE", cause: error });
}

/** Whether a namespace has a table that ipman made, if not the planned one. */
export function isFiltered(namespace: string | undefined, { table, sets }: RulesPlan): boolean {
  try {
    using socket = NetlinkSocket.open(namespace, Protocol.netfilter);
    return isFrameMark(readTable(socket, table, sets).comment);
  } catch (error) {
    if (error instanceof NetlinkError) return false;
    throw error;
  }
}

function apply(namespace: string | undefined, plan: RulesPlan, memory: FilterMemory): number {
  using socket = NetlinkSocket.open(namespace, Protocol.netfilter);
  const before = readTable(socket, plan.table, plan.sets);
  const commands = commandsFor(plan, before, memory);
  if (commands !== undefined) runNft(`set packet filter ${plan.table}`, namespace, commands);
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
): boolean {
  using socket = NetlinkSocket.open(namespace, Protocol.netfilter);
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
  // What a process before this one made can be kept, but not amended: its elements are not known.
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

/** How many elements the planned members that are there have. */
function sizeOf({ members }: RulesPlan, { chains }: ActualTable): number {
  const there = members.filter(({ name }) => chains.has(name));
  const elements = there.flatMap((member) => member.elements);
  return new Set(elements.map(({ set, key }) => `${set} ${key}`)).size;
}
