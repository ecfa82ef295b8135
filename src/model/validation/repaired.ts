/** The keywords of JSON Schema that the schemas of manifests use. */
interface ShapeSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, ShapeSchema>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, ShapeSchema>>;
  readonly items?: ShapeSchema;
}

/**
 * A copy of a manifest that has the shape of its schema: values of a wrong type are replaced by
 * empty ones, missing fields are added, unknown fields are removed. It serves only to find further
 * problems.
 */
export function repaired(schema: object, value: unknown): unknown {
  return repair(schema, value);
}

function repair(schema: ShapeSchema, value: unknown): unknown {
  if (schema.const !== undefined) return schema.const;
  switch (schema.type ?? "any") {
    case "object":
      return repairObject(schema, isObject(value) ? value : {});
    case "array":
      return (Array.isArray(value) ? value : []).map((item) => repair(schema.items ?? {}, item));
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

function repairObject(
  schema: ShapeSchema,
  value: Record<string, unknown>,
): Record<string, unknown> {
  const [each] = Object.values(schema.patternProperties ?? {});
  if (each !== undefined) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, repair(each, item)]),
    );
  }
  const wanted = Object.entries(schema.properties ?? {}).filter(
    ([name]) => Object.hasOwn(value, name) || schema.required?.includes(name) === true,
  );
  return Object.fromEntries(
    wanted.map(([name, member]) => [
      name,
      repair(member, Object.hasOwn(value, name) ? value[name] : undefined),
    ]),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
