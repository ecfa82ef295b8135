import type { Connection } from "../../model/api/connection.ts";
import { failure, Reason, type Failure } from "../../model/status/failure.ts";
import { isEstablished, type IkeSa } from "../../model/charon/sa.ts";
import { ikeSaDifference } from "../../model/charon/sa-drift.ts";
import type { ConnectionContext } from "./connection-types.ts";
import { isRepairable } from "../common/differences.ts";

/** `child.net` in `xstate.done.actor.child.net`. */
export function childIdIn(type: string): string {
  return type.replace(/^xstate\.(done|error)\.actor\./, "");
}

/** SAs of an earlier spec: those that a change left, and those that an earlier process left. */
export function outdatedSas(context: ConnectionContext): string[] {
  const drifted = differencesOf(context)
    .filter(({ difference }) => isRepairable(difference, context))
    .map(({ uniqueId }) => uniqueId);
  return [...new Set([...context.outdated, ...drifted])];
}

/** How IKE SAs differ from what is declared, each in words. */
export function differencesOf(context: ConnectionContext) {
  return context.ikeSas.filter(isEstablished).flatMap((sa) => {
    const difference = ikeSaDifference(sa, context.connection);
    return difference === undefined ? [] : [{ uniqueId: sa.uniqueId, difference }];
  });
}

/** Those that are as they should be no longer, together with what was outdated before. */
export function overdueSas(context: ConnectionContext, overdue: (sa: IkeSa) => boolean): string[] {
  return [...context.outdated, ...context.ikeSas.filter(overdue).map((sa) => sa.uniqueId)];
}

const charonMissing = failure(
  Reason.CharonUnavailable,
  "charon does not answer on its VICI socket",
);

/** What keeps the connection from being loaded; the same object each time. */
export function missingOf(context: ConnectionContext): Failure | undefined {
  if (!context.charonReady) return charonMissing;
  if (context.secretRevision !== undefined) return undefined;
  return context.keyFailure ?? secretMissing(context.connection);
}

const secretFailures = new WeakMap<Connection, Failure>();

/** One object per connection, so that two evaluations compare equal. */
function secretMissing(connection: Connection): Failure {
  const known = secretFailures.get(connection);
  if (known !== undefined) return known;
  const { namespace, name, key } = connection.secretRef;
  const made = failure(
    Reason.SecretMissing,
    `the Secret ${namespace}/${name} with the key "${key}" is not there`,
  );
  secretFailures.set(connection, made);
  return made;
}
