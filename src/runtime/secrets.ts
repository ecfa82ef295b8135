import { createHmac, randomBytes } from "node:crypto";
import type { SecretRef } from "../model/connection.ts";
import { writtenAt } from "../model/written-at.ts";
import type { Secret } from "../model/schema/secret.ts";

interface Kept {
  readonly value: string;
  /** Of the Secret that has it. */
  readonly metadata: Secret["metadata"];
}

/**
 * The values of secrets. They leave this store for charon only; everybody else gets a
 * revision, which changes with the value and tells nothing of it.
 */
export class Secrets {
  readonly #values = new Map<string, Kept>();
  /** Each made when it is asked for first. */
  readonly #revisions = new Map<string, string>();
  readonly #salt = randomBytes(32);

  /** Takes all secrets that there are, in place of those it had. */
  replace(secrets: readonly Secret[]): void {
    const before = new Map(this.#values);
    this.#values.clear();
    for (const secret of secrets) {
      for (const [key, value] of entriesOf(secret)) {
        const { metadata } = secret;
        const { namespace = "default", name } = metadata;
        this.#values.set(idOf({ namespace, name, key }), { value, metadata });
      }
    }
    for (const [id, { value }] of before) {
      if (this.#values.get(id)?.value !== value) this.#revisions.delete(id);
    }
  }

  has(ref: SecretRef): boolean {
    return this.#values.has(idOf(ref));
  }

  value(ref: SecretRef): string | undefined {
    return this.#values.get(idOf(ref))?.value;
  }

  /** When its Secret was written, in seconds since the epoch, where that is known. */
  changedAt(ref: SecretRef): number | undefined {
    const kept = this.#values.get(idOf(ref));
    return kept && writtenAt(kept.metadata);
  }

  revision(ref: SecretRef): string | undefined {
    const id = idOf(ref);
    const value = this.#values.get(id)?.value;
    if (value === undefined) return undefined;
    const known = this.#revisions.get(id);
    if (known !== undefined) return known;
    const digest = createHmac("sha256", this.#salt).update(value).digest("base64url");
    const revision = digest.slice(0, 12);
    this.#revisions.set(id, revision);
    return revision;
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
