import { NftError } from "../../../src/adapters/nftables/libnftables.ts";
import type { Volume, Volumes } from "../../../src/model/rules/counting-plan.ts";

/** A table, of whichever family: ipman's have different names. */
export interface SimulatedTable {
  readonly comment: string;
  /** Rules by chain, each with the handle that the kernel assigned. */
  readonly chains: ReadonlyMap<string, readonly SimulatedRule[]>;
  /** Elements by set or map. */
  readonly sets: ReadonlyMap<string, readonly string[]>;
  /** The named counters. */
  readonly counters: Volumes;
}

export interface SimulatedRule {
  readonly handle: number;
  readonly text: string;
}

type Tables = ReadonlyMap<string, SimulatedTable>;

const emptyTable: SimulatedTable = {
  comment: "",
  chains: new Map(),
  sets: new Map(),
  counters: new Map(),
};
let lastHandle = 0;

/**
 * Runs those commands of nft's language that ipman and its tests use, as one transaction.
 *
 * @returns the tables after it
 * @throws {NftError} if the kernel would refuse a command
 */
export function runCommands(op: string, tables: Tables, commands: string): Tables {
  const fail = () => new NftError(op, "Could not process rule: No such file or directory");
  let result = new Map(tables);
  const change = (name: string, edit: (table: SimulatedTable) => SimulatedTable | undefined) => {
    const edited = edit(result.get(name) ?? raise(fail()));
    if (edited === undefined) throw fail();
    result.set(name, edited);
  };
  for (const { verb, subject, table, rest, block } of parseCommands(commands)) {
    if (verb === "flush" && subject === "ruleset") result = new Map();
    else if (subject === "table" && verb === "delete" && !result.delete(table)) throw fail();
    else if (subject === "table" && verb === "add")
      result.set(table, withBlock(result.get(table) ?? emptyTable, block) ?? raise(fail()));
    else if (subject === "counter") change(table, (known) => withoutCounter(known, rest));
    else if (subject === "element")
      change(table, (known) => withElements(known, rest, block, verb === "add"));
    else if (subject === "chain")
      change(table, (known) => withoutRules(known, rest, verb === "delete"));
  }
  return result;
}

interface Command {
  readonly verb: string;
  readonly subject: string;
  readonly table: string;
  readonly rest: string;
  /** The text in the braces at its end. */
  readonly block: string;
}

function parseCommands(text: string): Command[] {
  return statementsIn(text).map((statement) => {
    const brace = statement.indexOf("{");
    const head = brace < 0 ? statement : statement.slice(0, brace);
    const block = brace < 0 ? "" : statement.slice(brace + 1, statement.lastIndexOf("}"));
    const words = head.trim().split(/\s+/);
    if (words[0] === "table") words.unshift("add");
    const [verb = "", subject = "", , table = "", ...rest] = words;
    return { verb, subject, table, rest: rest.join(" "), block };
  });
}

/** Splits text at semicolons and line ends outside of braces. */
function statementsIn(text: string): string[] {
  const statements: string[] = [];
  let depth = 0;
  let statement = "";
  for (const character of `${text}\n`) {
    if (depth === 0 && (character === ";" || character === "\n")) {
      if (statement.trim() !== "") statements.push(statement.trim());
      statement = "";
      continue;
    }
    if (character === "{") depth++;
    if (character === "}") depth--;
    statement += character;
  }
  return statements;
}

/**
 * Adds the declarations of a block to a table; undefined if the kernel refuses them, or may crash: as
 * it does if a counter exists already.
 */
function withBlock(table: SimulatedTable, block: string): SimulatedTable | undefined {
  const chains = new Map(table.chains);
  const sets = new Map(table.sets);
  const counters = new Map(table.counters);
  let { comment } = table;
  for (const statement of statementsIn(block)) {
    const [, keyword, name = "", body = ""] = /^(\w+) (\S+)(?: \{([^]*)\})?$/.exec(statement) ?? [];
    if (statement.startsWith("comment ")) comment = /"(.*)"/.exec(statement)?.[1] ?? "";
    else if (keyword === "chain") chains.set(name, [...(chains.get(name) ?? []), ...rulesIn(body)]);
    else if (keyword === "set" || keyword === "map") sets.set(name, elementsIn(body));
    else if (keyword === "counter" && counters.has(name)) return undefined;
    else if (keyword === "counter") counters.set(name, volumeIn(body));
  }
  const isLacking = [...countersUsed(chains)].some((name) => !counters.has(name));
  return isLacking ? undefined : { comment, chains, sets, counters };
}

function volumeIn(body: string): Volume {
  const [, packets = "0", bytes = "0"] = /packets (\d+) bytes (\d+)/.exec(body) ?? [];
  return { packets: BigInt(packets), bytes: BigInt(bytes) };
}

function countersUsed(chains: SimulatedTable["chains"]): Set<string> {
  const texts = [...chains.values()].flatMap((rules) => rules.map(({ text }) => text));
  const names = texts.flatMap((text) => [...text.matchAll(/counter name "?([\w./-]+)/g)]);
  return new Set(names.map(([, name = ""]) => name));
}

/** Undefined if the counter does not exist, or a rule refers to it. */
function withoutCounter(table: SimulatedTable, name: string): SimulatedTable | undefined {
  const counters = new Map(table.counters);
  const isDeleted = counters.delete(name) && !countersUsed(table.chains).has(name);
  return isDeleted ? { ...table, counters } : undefined;
}

function rulesIn(body: string): SimulatedRule[] {
  return statementsIn(body)
    .filter((statement) => !/^(type|policy) /.test(statement))
    .map((text) => ({ handle: ++lastHandle, text }));
}

function elementsIn(body: string): string[] {
  const list = statementsIn(body).find((statement) => statement.startsWith("elements"));
  return list === undefined ? [] : commaList(/\{([^]*)\}/.exec(list)?.[1] ?? "");
}

function commaList(text: string): string[] {
  return text.split(",").map((element) => element.trim());
}

function withElements(
  table: SimulatedTable,
  set: string,
  block: string,
  isAdded: boolean,
): SimulatedTable | undefined {
  const known = table.sets.get(set);
  if (known === undefined) return undefined;
  const given = commaList(block);
  const isGiven = (element: string) => given.some((each) => keyOf(each) === keyOf(element));
  const others = known.filter((element) => !isGiven(element));
  if (!isAdded && others.length + given.length !== known.length) return undefined;
  return {
    ...table,
    sets: new Map([...table.sets, [set, isAdded ? [...others, ...given] : others]]),
  };
}

/** The key of a map's element, without its value. */
function keyOf(element: string): string {
  return element.split(" : ")[0] as string;
}

function withoutRules(
  table: SimulatedTable,
  chain: string,
  isDeleted: boolean,
): SimulatedTable | undefined {
  if (!table.chains.has(chain)) return undefined;
  const chains = new Map(table.chains);
  if (isDeleted) chains.delete(chain);
  else chains.set(chain, []);
  return { ...table, chains };
}

function raise(error: Error): never {
  throw error;
}
