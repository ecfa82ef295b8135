import { createHash } from "node:crypto";

/**
 * What a namespace's packet filter is to be, in nft's language: one table of the family
 * `inet`. Its frame seldom changes and is replaced as a whole; members come and go one by one.
 */
export interface RulesPlan {
  readonly table: string;
  /** What is declared in the table whatever its members: sets, chains, rules. */
  readonly frame: string;
  /** The sets whose elements are the members' alone. */
  readonly sets: readonly string[];
  readonly members: readonly RulesMember[];
}

/** What the table has for one sender: a chain, and elements of its sets. */
export interface RulesMember {
  /** Of the chain, by {@link memberName}. */
  readonly name: string;
  readonly rules: readonly string[];
  readonly elements: readonly SetElement[];
}

/** An element of a set or a map of the table. */
export interface SetElement {
  readonly set: string;
  readonly key: string;
  /** What a map has for the key. */
  readonly verdict?: string;
}

const memberPrefix = "member_";

/** A name for a member's chain, which tells its content apart from every other. */
export function memberName(...content: readonly string[]): string {
  const digest = createHash("sha256").update(content.join("\n")).digest("hex");
  return `${memberPrefix}${digest.slice(0, 24)}`;
}

/** Whether a chain with that name is a member's. */
export function isMemberName(chain: string): boolean {
  return chain.startsWith(memberPrefix);
}

const markPrefix = "ipman ";

/** What tells a table's frame from any other: the table's comment, written with it. */
export function frameMark(plan: RulesPlan): string {
  return `${markPrefix}${createHash("sha256").update(plan.frame).digest("hex").slice(0, 32)}`;
}

/** Whether a table's comment is that of some frame. */
export function isFrameMark(comment: string): boolean {
  return comment.startsWith(markPrefix);
}

/** Makes the table as planned, whatever there is of it, in one transaction. */
export function replaceTable(plan: RulesPlan): string {
  return [
    // Made first, so that the deletion never fails.
    `table inet ${plan.table}`,
    `delete table inet ${plan.table}`,
    block(plan.table, [`comment "${frameMark(plan)}"`, ...plan.members.map(chainOf), plan.frame]),
    ...elementBlocks(plan.table, plan.members),
  ].join("\n");
}

/** Removes tables, whether they are there or not, in one transaction. */
export function removeTables(tables: readonly string[]): string {
  return tables
    .flatMap((table) => [`table inet ${table}`, `delete table inet ${table}`])
    .join("\n");
}

/** Adds members to a table, and removes others, in one transaction. */
export function amendTable(
  table: string,
  added: readonly RulesMember[],
  removed: readonly RulesMember[],
): string {
  return [
    ...removed.flatMap(({ name, elements }) => [
      ...elements.map(({ set, key }) => `delete element inet ${table} ${set} { ${key} }`),
      `flush chain inet ${table} ${name}`,
      `delete chain inet ${table} ${name}`,
    ]),
    ...(added.length === 0 ? [] : [block(table, added.map(chainOf))]),
    ...elementBlocks(table, added),
  ].join("\n");
}

function elementBlocks(table: string, members: readonly RulesMember[]): string[] {
  const all = members.flatMap(({ elements }) => elements);
  const bySet = Object.entries(Object.groupBy(all, ({ set }) => set));
  return bySet.map(([set, elements = []]) => {
    const texts = elements.map(({ key, verdict }) => key + (verdict ? ` : ${verdict}` : ""));
    return `add element inet ${table} ${set} { ${texts.join(", ")} }`;
  });
}

function chainOf({ name, rules }: RulesMember): string {
  return `chain ${name} { ${rules.join("; ")}; }`;
}

function block(table: string, parts: readonly string[]): string {
  return `table inet ${table} {\n${parts.join("\n")}\n}`;
}
