/** As much of JSON Schema as the schemas here use. */
interface ShapeSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, ShapeSchema>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, ShapeSchema>>;
  readonly items?: ShapeSchema;
}

/**
 * A copy of a document that has its schema's shape: what has another type is replaced by
 * an empty value, what is missing is added, what is unknown left out. It is for finding
 * what else is wrong with a document, not for use.
 */
export function mended(schema: object, value: unknown): unknown {
  return mend(schema, value);
}

function mend(schema: ShapeSchema, value: unknown): unknown {
  if (schema.const !== undefined) return schema.const;
  switch (schema.type ?? "any") {
    case "object":
      return mendObject(schema, isObject(value) ? value : {});
    case "array":
      return (Array.isArray(value) ? value : []).map((item) => mend(schema.items ?? {}, item));
    case "string":
      return typeof value === "string" ? value : "";
    case "integer":
      return Number.isInteger(value) ? value : 0;
    case "boolean":
      return value === true;
    default:
      return value;
  }
}

function mendObject(schema: ShapeSchema, value: Record<string, unknown>): Record<string, unknown> {
  const [each] = Object.values(schema.patternProperties ?? {});
  if (each !== undefined) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mend(each, item)]));
  }
  const wanted = Object.entries(schema.properties ?? {}).filter(
    ([name]) => Object.hasOwn(value, name) || schema.required?.includes(name) === true,
  );
  return Object.fromEntries(
    wanted.map(([name, member]) => [
      name,
      mend(member, Object.hasOwn(value, name) ? value[name] : undefined),
    ]),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
