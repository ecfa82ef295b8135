import { apiGroup } from "./schema/api-group.ts";
import { CharonGroup } from "./schema/charon-group.ts";
import { IPSecConnection } from "./schema/ipsec-connection.ts";
import { connectionStatus, groupStatus } from "./schema/status.ts";

type JsonObjectSchema = Record<string, unknown>;

interface Rule {
  readonly rule: string;
  readonly message: string;
}

/** Rules in CEL for what a schema cannot express. */
const connectionRules: readonly Rule[] = [
  {
    rule: "!(has(self.nodeName) && has(self.groupRef))",
    message: "nodeName and groupRef are both set: keep one of them",
  },
  {
    rule: "self.children.all(a, self.children.exists_one(b, self.children[b].if_id == self.children[a].if_id))",
    message: "two children have the same if_id: each child needs its own",
  },
];

const groupRules: readonly Rule[] = [
  {
    rule: "has(self.nodeName) != has(self.nodeNames)",
    message: "either nodeName or nodeNames is required, and not both",
  },
  {
    rule: "!has(self.nodeNames) || self.nodeNames.all(a, self.nodeNames.exists_one(b, b == a))",
    message: "nodeNames has the same node twice: name each node once",
  },
];

/** The CustomResourceDefinitions. */
export function crds(): JsonObjectSchema[] {
  return [
    crd({
      kind: "IPSecConnection",
      scope: "Cluster",
      shortNames: ["ipsecconn"],
      schema: IPSecConnection,
      status: connectionStatus,
      rules: connectionRules,
      columns: [
        readyColumn,
        column("Remote", ".spec.remoteAddr"),
        column("Children", ".status.childrenReady"),
        column("Node", ".status.node"),
        { ...column("Path", ".status.activePath"), priority: 1 },
        { ...column("Redundant", conditionField("Redundant", "status")), priority: 1 },
        { ...column("Reason", conditionField("Ready", "reason")), priority: 1 },
        { ...column("Message", conditionField("Ready", "message")), priority: 1 },
      ],
    }),
    crd({
      kind: "CharonGroup",
      scope: "Namespaced",
      shortNames: ["charongrp"],
      schema: CharonGroup,
      status: groupStatus,
      rules: groupRules,
      columns: [
        readyColumn,
        column("Node", ".spec.nodeName"),
        column("Nodes", ".status.nodesReady"),
        { ...column("Frontend", ".status.frontendAddress"), priority: 1 },
      ],
    }),
  ];
}

const conditionField = (type: string, field: string) =>
  `.status.conditions[?(@.type=="${type}")].${field}`;
const readyColumn = column("Ready", conditionField("Ready", "status"));

interface Definition {
  readonly kind: string;
  readonly scope: "Cluster" | "Namespaced";
  readonly shortNames: readonly string[];
  readonly schema: unknown;
  readonly status: JsonObjectSchema;
  readonly rules: readonly Rule[];
  readonly columns: readonly JsonObjectSchema[];
}

function column(name: string, jsonPath: string): JsonObjectSchema {
  return { name, type: "string", jsonPath };
}

function crd(definition: Definition): JsonObjectSchema {
  const { kind, scope, shortNames } = definition;
  const singular = kind.toLowerCase();
  const plural = `${singular}s`;
  const listKind = `${kind}List`;
  const names = { kind, singular, plural, listKind, shortNames, categories: ["ipman"] };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${apiGroup}` },
    spec: { group: apiGroup, scope, names, versions: [version(definition)] },
  };
}

function version({ schema, status, rules, columns }: Definition): JsonObjectSchema {
  const { spec } = (schema as { properties: Record<string, JsonObjectSchema> }).properties;
  const age = { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" };
  return {
    name: "v1",
    served: true,
    storage: true,
    subresources: { status: {} },
    additionalPrinterColumns: [...columns, age],
    schema: {
      openAPIV3Schema: {
        type: "object",
        required: ["spec"],
        properties: {
          apiVersion: { type: "string" },
          kind: { type: "string" },
          metadata: { type: "object" },
          spec: { ...structural(spec), ...rulesOf(rules) },
          status,
        },
      },
    },
  };
}

function rulesOf(rules: readonly Rule[]): JsonObjectSchema {
  return rules.length === 0 ? {} : { "x-kubernetes-validations": rules };
}

/** A structural schema: maps by `additionalProperties`, closed objects by pruning. */
function structural(schema: unknown): JsonObjectSchema {
  const { additionalProperties, patternProperties, properties, items, ...rest } =
    schema as JsonObjectSchema & {
      properties?: Record<string, JsonObjectSchema>;
      patternProperties?: Record<string, JsonObjectSchema>;
    };
  const values = Object.values(patternProperties ?? {})[0];
  const members = Object.entries(properties ?? {}).map(([name, member]) => [
    name,
    structural(member),
  ]);
  return {
    ...(structuredClone(rest) as JsonObjectSchema),
    ...(properties !== undefined && { properties: Object.fromEntries(members) }),
    ...(values !== undefined && { additionalProperties: structural(values) }),
    ...(typeof additionalProperties === "object" &&
      additionalProperties !== null && { additionalProperties: structural(additionalProperties) }),
    ...(items !== undefined && { items: structural(items) }),
  };
}
