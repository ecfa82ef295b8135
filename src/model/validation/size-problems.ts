import { ProblemList, mostProblems } from "./problem-list.ts";
import type { Problem } from "../api/result.ts";

/** The keywords of JSON Schema that limit sizes. */
interface SizeSchema {
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly additionalProperties?: unknown;
  readonly properties?: Readonly<Record<string, SizeSchema>>;
  readonly patternProperties?: Readonly<Record<string, SizeSchema>>;
  readonly items?: SizeSchema;
}

/**
 * The lists and maps of a manifest that exceed its schema's limits. Their contents are not read, so
 * refusing a manifest of any size costs no more than reading the largest valid one.
 */
export function sizeProblems(schema: object, manifest: unknown): Problem[] {
  const problems = new ProblemList();
  measure(schema, manifest, "", problems);
  return problems.toArray();
}

function measure(schema: SizeSchema, value: unknown, path: string, problems: ProblemList): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) measureList(schema, value, path, problems);
  else measureMap(schema, value as Readonly<Record<string, unknown>>, path, problems);
}

function measureList(
  { maxItems = Infinity, items }: SizeSchema,
  list: readonly unknown[],
  path: string,
  problems: ProblemList,
): void {
  if (list.length > maxItems)
    return problems.add(path, `has ${list.length} items: at most ${maxItems} are allowed`);
  if (items === undefined || !hasLimits(items)) return;
  for (const [i, item] of list.entries()) measure(items, item, `${path}[${i}]`, problems);
}

function measureMap(
  schema: SizeSchema,
  map: Readonly<Record<string, unknown>>,
  path: string,
  problems: ProblemList,
): void {
  const { properties = {}, patternProperties = {} } = schema;
  const within = (name: string) => (path === "" ? name : `${path}.${name}`);
  const names = Object.keys(map);
  const most = mostOf(schema);
  if (names.length > most)
    return problems.add(path, `has ${names.length} entries: at most ${most} are allowed`);
  const [each] = Object.values(patternProperties);
  if (each !== undefined && hasLimits(each))
    for (const name of names) measure(each, map[name], within(name), problems);
  for (const [name, member] of Object.entries(properties))
    if (Object.hasOwn(map, name)) measure(member, map[name], within(name), problems);
}

/**
 * The limit of a map. A closed object may have its fields, and as many unknown ones as are
 * reported.
 */
function mostOf({ maxProperties, additionalProperties, properties = {} }: SizeSchema): number {
  if (maxProperties !== undefined) return maxProperties;
  return additionalProperties === false && Object.keys(properties).length > 0
    ? Object.keys(properties).length + mostProblems
    : Infinity;
}

function hasLimits({ items, properties, patternProperties }: SizeSchema): boolean {
  return items !== undefined || properties !== undefined || patternProperties !== undefined;
}
