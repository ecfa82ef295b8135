import type { PathEvent } from "../../machines/path/path-types.ts";
import type { Connection } from "../../model/api/connection.ts";
import { failure, Reason, type Failure } from "../../model/status/failure.ts";
import type { SecretFacts } from "../conditions/conditions.ts";
import type { Secrets } from "./secrets.ts";
import {
  identitiesOverlap,
  identityPattern,
  type IdentityPattern,
} from "../../model/identity/identity-overlap.ts";

/** The claim of a connection to have its key in charon for its remoteId. */
interface KeyClaim {
  readonly connection: Connection;
  readonly revision: string;
  readonly local: IdentityPattern;
  readonly remote: IdentityPattern;
}

/**
 * The state of a connection's key, for its actor; both fields are undefined if the Secret is
 * missing.
 */
export interface KeyState {
  readonly secretRevision: string | undefined;
  readonly keyFailure: Failure | undefined;
}

/** An event that reports the state of a key to a path. */
export type KeyEvent = Extract<PathEvent, { type: `secret.${string}` }>;

/** The event that reports the state of a key to a path. */
export function keyEvent(
  { secretRevision: revision, keyFailure: failure }: KeyState,
  unreadable: boolean,
): KeyEvent {
  if (failure !== undefined) return { type: "secret.refused", failure };
  if (revision === undefined) return { type: "secret.missing", unreadable };
  return { type: "secret.changed", revision };
}

/**
 * Decides which connections may have their key in charon. charon accepts from a peer every key
 * that either identity owns, so it cannot separate two keys whose identities overlap: the key that
 * was granted first, or else is declared first, takes precedence.
 */
export class KeyClaims {
  readonly #secrets: Secrets;
  /** By the connection's name in charon. */
  #granted: ReadonlyMap<string, KeyClaim> = new Map();
  #conflicts: ReadonlyMap<string, Failure> = new Map();

  constructor(secrets: Secrets) {
    this.#secrets = secrets;
  }

  /** Grants keys to these connections of charon, which replace the former ones. */
  update(connections: Iterable<Connection>): void {
    const claims = [...connections].flatMap((connection) => {
      const revision = this.#secrets.revision(connection);
      return revision === undefined ? [] : [claimOf(connection, revision)];
    });
    const { kept = [], others = [] } = Object.groupBy(claims, (claim) =>
      this.#isGranted(claim) ? "kept" : "others",
    );
    const granted = new Granted();
    const conflicts = new Map<string, Failure>();
    for (const claim of [...kept, ...others]) {
      const other = granted.conflictWith(claim);
      const { name } = claim.connection;
      if (other === undefined) granted.add(claim);
      else conflicts.set(name, this.#conflict(claim, other));
    }
    this.#granted = granted.byName;
    this.#conflicts = conflicts;
  }

  /** Why an existing key may not be in charon; the same object while nothing changes. */
  failureOf(connection: Connection): Failure | undefined {
    return this.#secrets.failureOf(connection) ?? this.#conflicts.get(connection.name);
  }

  /** The revision of the key that charon may have, or why it may not have it. */
  stateOf(connection: Connection): KeyState {
    const keyFailure = this.failureOf(connection);
    const usable = keyFailure === undefined;
    const secretRevision = usable ? this.#secrets.revision(connection) : undefined;
    return { secretRevision, keyFailure };
  }

  /** The facts about a connection's key that the status shows. */
  factsOf(connection: Connection): SecretFacts {
    return {
      hasSecret: this.#secrets.has(connection),
      keyFailure: this.failureOf(connection),
      secretTrouble: this.#secrets.troubleOf(connection),
    };
  }

  #isGranted({ connection, revision }: KeyClaim): boolean {
    const before = this.#granted.get(connection.name);
    return (
      before?.revision === revision &&
      before.connection.localId === connection.localId &&
      before.connection.remoteId === connection.remoteId
    );
  }

  #conflict({ connection }: KeyClaim, { connection: other }: KeyClaim): Failure {
    const message =
      `the pre-shared key is not that of ${other.id}, and charon could take one for the other: ` +
      `remoteId "${connection.remoteId}" overlaps with remoteId "${other.remoteId}" or a localId; ` +
      "use one key for both, or identities that do not overlap";
    const before = this.#conflicts.get(connection.name);
    return before?.message === message ? before : failure(Reason.SecretConflict, message);
  }
}

/** Claims without a conflict, found by their identities. */
class Granted {
  readonly byName = new Map<string, KeyClaim>();
  readonly #byRemote = new Map<string, KeyClaim[]>();
  readonly #byLocal = new Map<string, KeyClaim[]>();
  /** Claims whose remoteId matches more than one identity. */
  readonly #broad: KeyClaim[] = [];

  add(claim: KeyClaim): void {
    this.byName.set(claim.connection.name, claim);
    const [local, remote] = [exact(claim.local), exact(claim.remote)];
    if (remote === undefined) this.#broad.push(claim);
    else push(this.#byRemote, remote, claim);
    if (local !== undefined) push(this.#byLocal, local, claim);
  }

  /** Finds a claim with another key that charon could confuse with this one. */
  conflictWith(claim: KeyClaim): KeyClaim | undefined {
    return this.#candidates(claim).find(
      (other) => other.revision !== claim.revision && isConfusable(claim, other),
    );
  }

  #candidates({ local, remote }: KeyClaim): readonly KeyClaim[] {
    const [own, peer] = [exact(local), exact(remote)];
    if (peer === undefined) return [...this.byName.values()];
    return [
      ...(this.#byRemote.get(peer) ?? []),
      ...(this.#byLocal.get(peer) ?? []),
      ...(own === undefined ? [] : (this.#byRemote.get(own) ?? [])),
      ...this.#broad,
    ];
  }
}

function isConfusable(a: KeyClaim, b: KeyClaim): boolean {
  return (
    identitiesOverlap(a.remote, b.remote) || owns(a.remote, b.local) || owns(b.remote, a.local)
  );
}

/**
 * Whether a remote identity owns a local one; `any` as a local identity becomes one address of the
 * node.
 */
function owns(remote: IdentityPattern, local: IdentityPattern): boolean {
  return local.type !== "any" && identitiesOverlap(remote, local);
}

/** A key for an identity that matches only itself; undefined for a pattern. */
function exact(identity: IdentityPattern): string | undefined {
  if (identity.type === "literal") return identity.text;
  if (identity.type !== "addresses") return undefined;
  const { family, first, last } = identity.interval;
  return first === last ? `${family} ${first}` : undefined;
}

function claimOf(connection: Connection, revision: string): KeyClaim {
  const { localId, remoteId } = connection;
  return {
    connection,
    revision,
    local: identityPattern(localId),
    remote: identityPattern(remoteId),
  };
}

function push(map: Map<string, KeyClaim[]>, key: string, claim: KeyClaim): void {
  const claims = map.get(key);
  if (claims === undefined) map.set(key, [claim]);
  else claims.push(claim);
}
