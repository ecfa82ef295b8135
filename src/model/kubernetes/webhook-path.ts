import { createHmac, timingSafeEqual, type KeyObject } from "node:crypto";

/**
 * A path by which the API server calls an endpoint of the webhooks: `/ENDPOINT/GENERATION/CODE`.
 * The code authenticates the other two by a key that the operator's replicas share, so that each
 * replica accepts the path of any generation, even one that is new to it. The API server accepts
 * lower-case letters, digits and hyphens in a path, and quotes the path to the user if a call
 * fails: therefore a path is replaced by one of the next generation after a while.
 */
export interface WebhookPath {
  readonly endpoint: string;
  /** Increases each time that the paths are replaced. */
  readonly generation: number;
}

const pattern = /^\/([a-z]{1,32})\/([1-9]\d{0,14})\/([0-9a-f]{64})$/;

/** The path of an endpoint. */
export function formatWebhookPath(key: KeyObject, { endpoint, generation }: WebhookPath): string {
  return `/${endpoint}/${generation}/${codeOf(key, endpoint, generation).toString("hex")}`;
}

/** Parses a path, in constant time for any code; undefined if another key made it. */
export function parseWebhookPath(key: KeyObject, path: string): WebhookPath | undefined {
  const [, endpoint, digits, code] = pattern.exec(path) ?? [];
  if (endpoint === undefined || digits === undefined || code === undefined) return undefined;
  const generation = Number(digits);
  const isGenuine = timingSafeEqual(Buffer.from(code, "hex"), codeOf(key, endpoint, generation));
  return isGenuine ? { endpoint, generation } : undefined;
}

function codeOf(key: KeyObject, endpoint: string, generation: number): Buffer {
  return createHmac("sha256", key).update(`${endpoint}/${generation}`).digest();
}
