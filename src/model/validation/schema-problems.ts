import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import { mostProblems, ProblemList } from "./problem-list.ts";
import type { Kind } from "../api/resource.ts";
import type { Problem } from "../api/result.ts";
import { CharonGroup } from "../api/schema/charon-group.ts";
import { IPSecConnection } from "../api/schema/ipsec-connection.ts";
import { Secret } from "../api/schema/secret.ts";
import { sizeProblems } from "./size-problems.ts";

const schemas: Readonly<Record<Kind, object>> = { IPSecConnection, CharonGroup, Secret };

const ajv = new Ajv({ allErrors: true, strict: false, verbose: true });
const compiled = new WeakMap<object, ValidateFunction>();

/** The problems of a manifest's shape. */
export function schemaProblems(kind: Kind, document: unknown): Problem[] {
  return shapeProblems(schemas[kind], document);
}

/** The problems of an object's shape by a schema. Sizes are checked before contents. */
export function shapeProblems(schema: object, document: unknown): Problem[] {
  const ofSize = sizeProblems(schema, document);
  if (ofSize.length > 0) return ofSize;
  const validate = compiled.get(schema) ?? ajv.compile(schema);
  compiled.set(schema, validate);
  if (validate(document)) return [];
  const errors = validate.errors ?? [];
  const problems = new ProblemList();
  problems.addAll(errors.slice(0, mostProblems).map(problemOf));
  problems.omit(Math.max(0, errors.length - mostProblems));
  return problems.toArray();
}

function problemOf(error: ErrorObject): Problem {
  const path = pathOf(error.instancePath);
  const at = (member: string) => (path === "" ? member : `${path}.${member}`);
  switch (error.keyword) {
    case "additionalProperties": {
      const name = String(error.params["additionalProperty"]);
      const known = Object.keys((error.parentSchema?.["properties"] as object | undefined) ?? {});
      return { path: at(name), message: `unknown field; use one of: ${known.join(", ")}` };
    }
    case "required":
      return { path: at(String(error.params["missingProperty"])), message: "is required" };
    case "const":
      return { path, message: `must be ${JSON.stringify(error.params["allowedValue"])}` };
    case "type":
      return { path, message: typeProblem(error) };
    default:
      return { path, message: String(error.message) };
  }
}

function typeProblem(error: ErrorObject): string {
  const wanted = String(error.params["type"]);
  const quoting = wanted === "string" && typeof error.data !== "object" ? "; put it in quotes" : "";
  return `must be of type ${wanted}${quoting}`;
}

/** A path such as `spec.children.net.local_ips[0]` from a JSON pointer. */
function pathOf(pointer: string): string {
  const tokens = pointer.slice(1).split("/").map(unescape);
  return tokens
    .map((token) => (/^\d+$/.test(token) ? `[${token}]` : `.${token}`))
    .join("")
    .slice(1);
}

/** The text of a token of a JSON pointer (RFC 6901). */
function unescape(token: string): string {
  return token.replaceAll("~1", "/").replaceAll("~0", "~");
}
