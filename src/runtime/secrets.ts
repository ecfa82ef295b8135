import { createHmac, randomBytes } from "node:crypto";
import type { SecretRef } from "../model/connection.ts";
import type { Secret } from "../model/schema/secret.ts";

/**
 * The values of secrets. They leave this store for charon only; everybody else gets a
 * revision, which changes with the value and tells nothing of it.
 */
export class Secrets {
  readonly #values = new Map<string, string>();
  readonly #salt = randomBytes(32);

  /** Takes all secrets that there are, in place of those it had. */
  replace(secrets: readonly Secret[]): void {
    this.#values.clear();
    for (const secret of secrets) {
      for (const [key, value] of entriesOf(secret)) {
        const { namespace = "default", name } = secret.metadata;
        this.#values.set(idOf({ namespace, name, key }), value);
      }
    }
  }

  value(ref: SecretRef): string | undefined {
    return this.#values.get(idOf(ref));
  }

  revision(ref: SecretRef): string | undefined {
    const value = this.value(ref);
    if (value === undefined) return undefined;
    return createHmac("sha256", this.#salt).update(value).digest("base64url").slice(0, 12);
  }
}

function idOf({ namespace, name, key }: SecretRef): string {
  return JSON.stringify([namespace, name, key]);
}

/** White space around a secret is never meant. An empty one is none. */
function entriesOf({ data = {}, stringData = {} }: Secret): [string, string][] {
  const decoded = Object.entries(data).map(([key, value]): [string, string] => [
    key,
    Buffer.from(value, "base64").toString("utf8"),
  ]);
  return [...decoded, ...Object.entries(stringData)]
    .map(([key, value]): [string, string] => [key, value.trim()])
    .filter(([, value]) => value !== "");
}
