import { createHash } from "node:crypto";
import type { CountedSubject, Volume, Volumes } from "./counting-plan.ts";
import type { TrackingPlan } from "./tracking-plan.ts";

/** The families of tables that ipman uses. */
export type RulesFamily = "inet" | "netdev";

/**
 * The plan of a namespace's packet filter in nft's language: one table, of the family `inet` if no
 * other is named. Its frame rarely changes and is replaced as a whole; members are added and removed one by one.
 */
export interface RulesPlan {
  readonly family?: RulesFamily;
  readonly table: string;
  /** The sets, chains and rules that do not depend on the members. */
  readonly frame: string;
  /** The sets that contain elements of members only. */
  readonly sets: readonly string[];
  readonly members: readonly RulesMember[];
  /** Present if the table tracks connections. */
  readonly tracking?: TrackingPlan;
  /** The counters that the frame refers to; those of members are not among them. */
  readonly counters?: readonly string[];
  /** The subjects that those and the counters of members count. */
  readonly counted?: readonly CountedSubject[];
}

/** The part of a table for one sender: a chain, and elements of the table's sets. */
export interface RulesMember {
  /** The chain's name, by {@link memberName}. */
  readonly name: string;
  readonly rules: readonly string[];
  readonly elements: readonly SetElement[];
  /** The counter that its rules refer to, which keeps its value while another member takes over. */
  readonly counter?: string;
  /**
   * Whether another member with an element of the same key replaces it in one transaction, so that
   * packets meet one of both. Other members are removed before others are added.
   */
  readonly isSwapped?: true;
}

/** An element of a set or a map of the table. */
export interface SetElement {
  readonly set: string;
  readonly key: string;
  /** The value of the key in a map. */
  readonly value?: string;
}

const memberPrefix = "member_";

/** Names a member's chain by its content: different contents have different names. */
export function memberName(...content: readonly string[]): string {
  const digest = createHash("sha256").update(content.join("\n")).digest("hex");
  return `${memberPrefix}${digest.slice(0, 24)}`;
}

/** Whether a chain is a member's, by its name. */
export function isMemberName(chain: string): boolean {
  return chain.startsWith(memberPrefix);
}

const markPrefix = "ipman ";

/** The comment of a table, which identifies its frame. */
export function frameMark(plan: RulesPlan): string {
  return `${markPrefix}${createHash("sha256").update(plan.frame).digest("hex").slice(0, 32)}`;
}

/** Whether a table's comment is that of a frame of ipman's. */
export function isFrameMark(comment: string): boolean {
  return comment.startsWith(markPrefix);
}

/**
 * Replaces a table with the planned one, whether or not it exists, in one transaction.
 *
 * @param volumes the values at which its counters go on; others begin at 0
 */
export function replaceTable(plan: RulesPlan, volumes: Volumes = new Map()): string {
  const { family = "inet", counters = [] } = plan;
  const counted = new Set([...counters, ...countersOf(plan.members)]);
  return [
    // Created first, so that the deletion cannot fail.
    `table ${family} ${plan.table}`,
    `delete table ${family} ${plan.table}`,
    block({ family, table: plan.table }, [
      `comment "${frameMark(plan)}"`,
      ...[...counted].map((name) => counterOf(name, volumes.get(name))),
      ...plan.members.map(chainOf),
      plan.frame,
    ]),
    ...elementBlocks(plan.table, plan.members),
  ].join("\n");
}

/** Deletes tables, whether or not they exist, in one transaction. */
export function removeTables(tables: readonly string[]): string {
  return tables
    .flatMap((table) => [`table inet ${table}`, `delete table inet ${table}`])
    .join("\n");
}

/** Adds members to a table of the family `inet` and removes others, in one transaction. */
export function amendTable(
  table: string,
  added: readonly RulesMember[],
  removed: readonly RulesMember[],
): string {
  // A counter that stays is not added: some kernels refuse to add one that exists, and some crash.
  const [before, after] = [new Set(countersOf(removed)), new Set(countersOf(added))];
  const declared = [...after.difference(before)].map((name) => counterOf(name));
  const parts = [...declared, ...added.map(chainOf)];
  return [
    ...removed.flatMap(({ name, elements }) => [
      ...elements.map(({ set, key }) => `delete element inet ${table} ${set} { ${key} }`),
      `flush chain inet ${table} ${name}`,
      `delete chain inet ${table} ${name}`,
    ]),
    ...[...before.difference(after)].map((name) => `delete counter inet ${table} ${name}`),
    ...(parts.length === 0 ? [] : [block({ family: "inet", table }, parts)]),
    ...elementBlocks(table, added),
  ].join("\n");
}

function countersOf(members: readonly RulesMember[]): string[] {
  return members.flatMap(({ counter }) => counter ?? []);
}

function counterOf(name: string, volume?: Volume): string {
  const value = volume && `packets ${volume.packets} bytes ${volume.bytes}`;
  return `counter ${name} { ${value ?? ""} }`;
}

function elementBlocks(table: string, members: readonly RulesMember[]): string[] {
  const all = members.flatMap(({ elements }) => elements);
  const bySet = Object.entries(Object.groupBy(all, ({ set }) => set));
  return bySet.map(([set, elements = []]) => {
    const texts = elements.map(
      ({ key, value }) => key + (value === undefined ? "" : ` : ${value}`),
    );
    return `add element inet ${table} ${set} { ${texts.join(", ")} }`;
  });
}

function chainOf({ name, rules }: RulesMember): string {
  return `chain ${name} { ${rules.join("; ")}; }`;
}

function block(
  { family, table }: Required<Pick<RulesPlan, "family" | "table">>,
  parts: readonly string[],
): string {
  return `table ${family} ${table} {\n${parts.join("\n")}\n}`;
}
