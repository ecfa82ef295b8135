import { createHmac, timingSafeEqual } from "node:crypto";

/**
 * A path by which the API server calls an endpoint of the webhooks: `/ENDPOINT/GENERATION/CODE`.
 * The code authenticates the other two by a key that the operator's replicas share, so that each
 * of them accepts the path of any generation, also one that it has not heard of. The API server
 * takes lower-case letters, digits and hyphens in a path, and quotes it to the user where a call
 * fails: a path is replaced by one of the next generation after a while.
 */
export interface WebhookPath {
  readonly endpoint: string;
  /** Increases each time that the paths are replaced. */
  readonly generation: number;
}

const pattern = /^\/([a-z]{1,32})\/([1-9]\d{0,14})\/([0-9a-f]{64})$/;

/** The path of an endpoint. */
export function formatWebhookPath(key: Uint8Array, { endpoint, generation }: WebhookPath): string {
  return `/${endpoint}/${generation}/${codeOf(key, endpoint, generation).toString("hex")}`;
}

/** What a path says; undefined where it was not made with that key. Takes as long for any code. */
export function parseWebhookPath(key: Uint8Array, path: string): WebhookPath | undefined {
  const [, endpoint, digits, code] = pattern.exec(path) ?? [];
  if (endpoint === undefined || digits === undefined || code === undefined) return undefined;
  const generation = Number(digits);
  const isGenuine = timingSafeEqual(Buffer.from(code, "hex"), codeOf(key, endpoint, generation));
  return isGenuine ? { endpoint, generation } : undefined;
}

function codeOf(key: Uint8Array, endpoint: string, generation: number): Buffer {
  return createHmac("sha256", key).update(`${endpoint}/${generation}`).digest();
}
