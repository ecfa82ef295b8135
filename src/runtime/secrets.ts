import { createHmac, randomBytes } from "node:crypto";
import type { SecretRef } from "../model/connection.ts";
import { failure, Reason, type Failure } from "../model/failure.ts";
import { preSharedKey } from "../model/pre-shared-key.ts";
import type { Problem } from "../model/result.ts";
import type { Secret } from "../model/schema/secret.ts";
import { writtenAt } from "../model/written-at.ts";

interface Kept {
  /** As the Secret has it. */
  readonly value: Buffer;
  /** Of the Secret that has it. */
  readonly metadata: Secret["metadata"];
}

/** The key in a value with its revision, or why there is none. */
type Judged =
  | { readonly key: Uint8Array; readonly revision: string; readonly failure?: undefined }
  | { readonly failure: Failure; readonly key?: undefined; readonly revision?: undefined };

/**
 * The pre-shared keys in Secrets. Keys leave this store for charon only; actors get a revision,
 * which is the same for equal keys and does not reveal them.
 */
export class Secrets {
  readonly #values = new Map<string, Kept>();
  /** Each made when it is asked for first. */
  readonly #judged = new Map<string, Judged>();
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
      if (this.#values.get(id)?.value.equals(value) !== true) this.#judged.delete(id);
    }
  }

  /** Whether there is a key that can be used. */
  has(ref: SecretRef): boolean {
    return this.revision(ref) !== undefined;
  }

  /** The key's bytes, as charon is to have them; undefined where there is none to be used. */
  value(ref: SecretRef): Uint8Array | undefined {
    return this.#judge(ref)?.key;
  }

  /** Why the value that is there is not a key; it says nothing of the value. */
  failureOf(ref: SecretRef): Failure | undefined {
    return this.#judge(ref)?.failure;
  }

  /** When its Secret was written, in seconds since the epoch, where that is known. */
  changedAt(ref: SecretRef): number | undefined {
    const kept = this.#values.get(idOf(ref));
    return kept && writtenAt(kept.metadata);
  }

  /** Changes with the key; undefined where there is none to be used. */
  revision(ref: SecretRef): string | undefined {
    return this.#judge(ref)?.revision;
  }

  #judge(ref: SecretRef): Judged | undefined {
    const id = idOf(ref);
    const kept = this.#values.get(id);
    if (kept === undefined) return undefined;
    const known = this.#judged.get(id);
    if (known !== undefined) return known;
    const parsed = preSharedKey(kept.value);
    const judged = parsed.ok
      ? { key: parsed.value, revision: this.#digest(parsed.value) }
      : { failure: invalid(ref, parsed.problems) };
    this.#judged.set(id, judged);
    return judged;
  }

  #digest(key: Uint8Array): string {
    return createHmac("sha256", this.#salt).update(key).digest("base64url").slice(0, 12);
  }
}

function invalid({ namespace, name, key }: SecretRef, problems: readonly Problem[]): Failure {
  const why = problems.map(({ message }) => message).join("; ");
  const message = `the key "${key}" of the Secret ${namespace}/${name} ${why}`;
  return failure(Reason.SecretInvalid, message);
}

function idOf({ namespace, name, key }: SecretRef): string {
  return JSON.stringify([namespace, name, key]);
}

function entriesOf({ data = {}, stringData = {} }: Secret): [string, Buffer][] {
  return [
    ...Object.entries(data).map(([key, value]) => entry(key, Buffer.from(value, "base64"))),
    ...Object.entries(stringData).map(([key, value]) => entry(key, Buffer.from(value))),
  ];
}

function entry(key: string, value: Buffer): [string, Buffer] {
  return [key, value];
}
