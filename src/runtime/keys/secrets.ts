import { createHmac, randomBytes } from "node:crypto";
import type { Connection, SecretRef } from "../../model/api/connection.ts";
import { failure, Reason, type Failure } from "../../model/status/failure.ts";
import { KeyConsent } from "../../model/kubernetes/key-consent.ts";
import { annotation } from "../../model/kubernetes/labels.ts";
import { preSharedKey } from "../../model/charon/pre-shared-key.ts";
import type { Problem } from "../../model/api/result.ts";
import type { Secret } from "../../model/api/schema/secret.ts";
import { writtenAt } from "../../model/api/written-at.ts";

/** The part of a connection that names its key. */
export type KeyUser = Pick<Connection, "id" | "secretRef">;

export interface SecretsOptions {
  /** Whether a Secret has to permit a connection to use its keys. */
  readonly requireConsent: boolean;
}

/** An existing Secret. */
interface SecretEntry {
  readonly metadata: Secret["metadata"];
  readonly consent: KeyConsent;
}

/** The key in a value with its revision, or why the value is not a key. */
type KeyVerdict =
  | { readonly key: Uint8Array; readonly revision: string; readonly failure?: undefined }
  | { readonly failure: Failure; readonly key?: undefined; readonly revision?: undefined };

/**
 * The pre-shared keys in Secrets. Keys leave this store for charon only; actors get a revision,
 * which is the same for equal keys and does not reveal them. If a Secret does not permit a
 * connection to use its keys, the store answers that connection as if the Secret did not exist.
 */
export class Secrets {
  readonly #requireConsent: boolean;
  readonly #values = new Map<string, Buffer>();
  /** The existing Secrets by namespace and name. */
  readonly #held = new Map<string, SecretEntry>();
  #unreadable: ReadonlyMap<string, string> = new Map();
  /** The parsed values, each computed at its first use. */
  readonly #judged = new Map<string, KeyVerdict>();
  readonly #notPermitted = new WeakMap<KeyUser, Failure>();
  readonly #salt = randomBytes(32);

  constructor({ requireConsent }: SecretsOptions = { requireConsent: false }) {
    this.#requireConsent = requireConsent;
  }

  /**
   * Replaces all Secrets.
   *
   * @param unreadable Secrets that may exist: `namespace/name` → why they cannot be read
   */
  replace(secrets: readonly Secret[], unreadable: ReadonlyMap<string, string> = new Map()): void {
    const before = new Map(this.#values);
    const heldBefore = new Map(this.#held);
    this.#values.clear();
    this.#held.clear();
    this.#unreadable = unreadable;
    for (const secret of secrets) {
      const { metadata } = secret;
      const { namespace = "default", name } = metadata;
      const held = heldBefore.get(secretId({ namespace, name }));
      const isSame = held?.metadata === metadata;
      const consent = isSame ? held.consent : new KeyConsent(metadata.annotations);
      this.#held.set(secretId({ namespace, name }), { metadata, consent });
      for (const [key, value] of entriesOf(secret))
        this.#values.set(idOf({ namespace, name, key }), value);
    }
    for (const [id, value] of before) {
      if (this.#values.get(id)?.equals(value) !== true) this.#judged.delete(id);
    }
  }

  /** Whether the connection has a usable key. */
  has(user: KeyUser): boolean {
    return this.revision(user) !== undefined;
  }

  /** The bytes of the key for charon; undefined without a usable key. */
  value(user: KeyUser): Uint8Array | undefined {
    return this.#usable(user)?.key;
  }

  /**
   * Why an existing value is not a key or may not be used, without details of the value; the same
   * object while nothing changes.
   */
  failureOf(user: KeyUser): Failure | undefined {
    if (this.#permits(user)) return this.#judge(user.secretRef)?.failure;
    const isHeld = this.#held.has(secretId(user.secretRef));
    if (!isHeld && this.troubleOf(user) !== undefined) return undefined;
    const known = this.#notPermitted.get(user);
    if (known !== undefined) return known;
    const found = notPermitted(user);
    this.#notPermitted.set(user, found);
    return found;
  }

  /** Why the connection's Secret cannot be read at present; undefined if it can. */
  troubleOf({ secretRef }: KeyUser): string | undefined {
    return this.#unreadable.get(secretId(secretRef));
  }

  /** When the connection's Secret was written, in seconds since the epoch; undefined if unknown. */
  changedAt(user: KeyUser): number | undefined {
    if (!this.#permits(user) || !this.#values.has(idOf(user.secretRef))) return undefined;
    const held = this.#held.get(secretId(user.secretRef));
    return held && writtenAt(held.metadata);
  }

  /** The revision of the key, which changes with it; undefined without a usable key. */
  revision(user: KeyUser): string | undefined {
    return this.#usable(user)?.revision;
  }

  #usable(user: KeyUser): KeyVerdict | undefined {
    return this.#permits(user) ? this.#judge(user.secretRef) : undefined;
  }

  #permits({ id, secretRef }: KeyUser): boolean {
    if (!this.#requireConsent) return true;
    return this.#held.get(secretId(secretRef))?.consent.permits(id) === true;
  }

  #judge(ref: SecretRef): KeyVerdict | undefined {
    const id = idOf(ref);
    const value = this.#values.get(id);
    if (value === undefined) return undefined;
    const known = this.#judged.get(id);
    if (known !== undefined) return known;
    const parsed = preSharedKey(value);
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

/**
 * The failure is the same for a Secret that does not exist, so that it does not reveal which
 * Secrets exist.
 */
function notPermitted({ id, secretRef: { namespace, name } }: KeyUser): Failure {
  const message =
    `the Secret ${namespace}/${name} does not permit "${id}" to use its keys, or does not exist: ` +
    `its annotation ${annotation.keyFor} has to list "${id}", or be "*"`;
  return failure(Reason.SecretNotPermitted, message);
}

/** The parts of a reference contain no slash: validation refuses it. */
function secretId({ namespace, name }: Pick<SecretRef, "namespace" | "name">): string {
  return `${namespace}/${name}`;
}

function idOf({ namespace, name, key }: SecretRef): string {
  return `${namespace}/${name}/${key}`;
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
