import type { KubeList, KubeObject } from "../../../model/kubernetes/kube-object.ts";
import { kubeError, KubeError, type ApiStatus } from "./kube-error.ts";
import { readBody } from "./read-body.ts";

/** A page of a list has at most 500 objects. etcd stores none above 1.5 MiB; few are that large. */
const mostAnswerBytes = 128 * 2 ** 20;

/** A Status with its details is much smaller. */
const mostStatusBytes = 2 ** 20;

type Json = Readonly<Record<string, unknown>>;

const eventTypes = ["ADDED", "MODIFIED", "DELETED", "BOOKMARK"] as const;

/** One event of a watch. A BOOKMARK has an object with a resourceVersion and nothing else. */
export interface WatchEvent<T> {
  readonly type: (typeof eventTypes)[number];
  readonly object: T;
}

/**
 * Reads an answer that is a JSON object.
 *
 * @throws KubeError `unavailable` if it is not, such as a proxy's page or a truncated body
 */
export async function recordIn(op: string, body: AsyncIterable<Uint8Array>): Promise<Json> {
  let text: string;
  try {
    text = await readBody(body, mostAnswerBytes);
  } catch (cause) {
    throw unusable(op, `the answer could not be read: ${(cause as Error).message}`, cause);
  }
  return parseRecord(op, text);
}

/**
 * Reads an answer that is an object of the API.
 *
 * @throws KubeError `unavailable` if it is not
 */
export async function objectIn(op: string, body: AsyncIterable<Uint8Array>): Promise<KubeObject> {
  const answer = await recordIn(op, body);
  if (isObject(answer)) return answer;
  throw unusable(op, "the answer is not an object of the Kubernetes API");
}

/**
 * Reads an answer that is a page of a list.
 *
 * @throws KubeError `unavailable` if it is not
 */
export async function listIn(op: string, body: AsyncIterable<Uint8Array>): Promise<KubeList> {
  const answer = await recordIn(op, body);
  if (isList(answer)) return answer;
  throw unusable(op, "the answer is not a list of the Kubernetes API");
}

/**
 * Parses one line of a watch.
 *
 * @throws KubeError the error that an ERROR event reports; `unavailable` if the line is not an
 *   event
 */
export function eventIn<T extends KubeObject>(op: string, line: string): WatchEvent<T> {
  const { type, object } = parseRecord(op, line);
  if (type === "ERROR" && isRecord(object)) throw errorIn(op, object);
  const known = eventTypes.find((eventType) => eventType === type);
  if (known !== undefined && hasMetadata(object)) return { type: known, object: object as T };
  throw unusable(op, "a line of the answer is not a watch event");
}

function errorIn(op: string, status: Json): KubeError {
  const { code } = status;
  return kubeError(op, typeof code === "number" ? code : 500, status);
}

function hasMetadata(object: unknown): object is KubeObject {
  return isRecord(object) && isRecord(object["metadata"]);
}

/** Reads the Status of a refused request; undefined if the answer has none. */
export async function statusOf(body: AsyncIterable<Uint8Array>): Promise<ApiStatus | undefined> {
  try {
    const status: unknown = JSON.parse(await readBody(body, mostStatusBytes));
    return isRecord(status) && status["kind"] === "Status" ? status : undefined;
  } catch {
    return undefined;
  }
}

/** The parser's message is left out of the error, since it quotes text that may be a Secret's. */
function parseRecord(op: string, text: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw unusable(op, "the answer is not JSON; it may be a proxy's, or truncated");
  }
  if (isRecord(value)) return value;
  throw unusable(op, "the answer is not a JSON object");
}

function isObject(answer: Json): answer is Json & KubeObject {
  const { metadata } = answer;
  return isRecord(metadata) && typeof metadata["name"] === "string";
}

function isList(answer: Json): answer is Json & KubeList {
  const { metadata, items } = answer;
  if (!isRecord(metadata) || typeof metadata["resourceVersion"] !== "string") return false;
  if (items === null || items === undefined) return true;
  return (
    Array.isArray(items) && items.every((item) => isRecord(item) && isRecord(item["metadata"]))
  );
}

function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unusable(op: string, message: string, cause?: unknown): KubeError {
  return new KubeError(op, "unavailable", 0, message, cause);
}
