import { crds } from "../src/model/api/crds.ts";

interface Schema {
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly "x-kubernetes-validations"?: readonly { readonly message: string }[];
}

interface Definition {
  readonly spec: {
    readonly group: string;
    readonly scope: string;
    readonly names: Readonly<Record<"kind" | "plural", string>> & {
      readonly shortNames: readonly string[];
    };
    readonly versions: readonly {
      readonly name: string;
      readonly schema: { readonly openAPIV3Schema: Schema };
    }[];
  };
}

/** docs/api.md, from the CustomResourceDefinitions. */
export function apiReference(): string {
  const head = `# API reference

\`npm run api\` generates this page from the schemas. \`kubectl explain ipsecconnection.spec\` shows the
same in a cluster. Each field has its path: \`[]\` stands for every item of a list, \`.*\` for every value
of a map.
`;
  return [head, ...(crds() as unknown as Definition[]).map(sectionOf)].join("\n");
}

function sectionOf({ spec }: Definition): string {
  const { kind, plural, shortNames } = spec.names;
  const [version] = spec.versions;
  const { properties = {} } = version?.schema.openAPIV3Schema ?? {};
  const parts = (["spec", "status"] as const).map((part) => {
    const schema = properties[part] ?? {};
    const rules = (schema["x-kubernetes-validations"] ?? []).map(({ message }) => `- ${message}`);
    const rows = membersOf(schema, part).map(rowOf);
    const table = ["| field | type | meaning |", "|---|---|---|", ...rows].join("\n");
    const refused = rules.length === 0 ? [] : ["The API server also refuses:", rules.join("\n")];
    return [`### ${part}`, ...refused, table].join("\n\n");
  });
  const where = spec.scope === "Cluster" ? "Cluster-scoped." : "Namespaced.";
  const names = [plural, ...shortNames].map((name) => `\`kubectl get ${name}\``).join(", ");
  const title = `## ${kind}\n\n\`${spec.group}/${version?.name}\`; ${names}. ${where}`;
  return `${[title, ...parts].join("\n\n")}\n`;
}

interface Field {
  readonly path: string;
  readonly schema: Schema;
  readonly required: boolean;
}

function membersOf({ properties = {}, required = [] }: Schema, above: string): Field[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const path = `${above}.${name}`;
    return [{ path, schema, required: required.includes(name) }, ...below(schema, path)];
  });
}

/** The fields below a field: of an object, of list items or of map values. */
function below(schema: Schema, path: string): Field[] {
  const { items, additionalProperties } = schema;
  if (items !== undefined) return within(items, `${path}[]`);
  if (additionalProperties !== undefined) return within(additionalProperties, `${path}.*`);
  return membersOf(schema, path);
}

function within(schema: Schema, path: string): Field[] {
  const own = schema.description === undefined ? [] : [{ path, schema, required: false }];
  return [...own, ...below(schema, path)];
}

function rowOf({ path, schema, required }: Field): string {
  const words = [required ? "**Required.**" : "", schema.description ?? "", limitsOf(schema)];
  const meaning = words.filter((word) => word !== "").join(" ");
  return `| \`${path}\` | ${typeOf(schema)} | ${meaning.replaceAll("|", "\\|")} |`;
}

function typeOf({ type, format, items, additionalProperties }: Schema): string {
  if (items !== undefined) return `list of ${typeOf(items)}`;
  if (additionalProperties !== undefined) return `map of ${typeOf(additionalProperties)}`;
  return format === "date-time" ? "time" : (type ?? "anything");
}

function limitsOf(schema: Schema): string {
  const { enum: values, items } = schema;
  if (values !== undefined)
    return `One of ${values.map((value) => `\`${value === "" ? '""' : value}\``).join(", ")}.`;
  const limits = [
    range(schema.minimum, schema.maximum, ""),
    range(schema.minLength, schema.maxLength, " characters"),
    range(schema.minItems, schema.maxItems, " items"),
    range(schema.minProperties, schema.maxProperties, " entries"),
    items === undefined ? "" : range(items.minLength, items.maxLength, " characters each"),
  ].filter((limit) => limit !== "");
  return limits.length === 0 ? "" : `(${limits.join(", ")})`;
}

function range(least: number | undefined, most: number | undefined, unit: string): string {
  if (most === undefined) return least === undefined ? "" : `at least ${least}${unit}`;
  return least === undefined ? `at most ${most}${unit}` : `${least} to ${most}${unit}`;
}
