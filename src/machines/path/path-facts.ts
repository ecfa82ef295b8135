import type { Connection } from "../../model/api/connection.ts";
import { failure, Reason, type Failure } from "../../model/status/failure.ts";
import { isEstablished, type IkeSa } from "../../model/charon/sa.ts";
import { isCrowded, surplusSas } from "../../model/charon/surplus-sas.ts";
import { ikeSaDifference } from "../../model/charon/sa-drift.ts";
import type { PathContext } from "./path-types.ts";
import { isRepairable } from "../common/differences.ts";
import { isLooping, loopFailure, type Recurrence } from "../common/recurrence.ts";
import { memo } from "../../model/value/memo.ts";

/** `child.net` in `xstate.done.actor.child.net`. */
export function childIdIn(type: string): string {
  return type.replace(/^xstate\.(done|error)\.actor\./, "");
}

/** The unique ids of IKE SAs of an earlier spec, of this process or of a previous one. */
export function outdatedSas(context: PathContext): string[] {
  const drifted = differencesOf(context)
    .filter(({ difference }) => isRepairable(difference, context))
    .map(({ uniqueId }) => uniqueId);
  return [...new Set([...context.outdated, ...drifted])];
}

/** The differences between IKE SAs and the manifest, in words. */
export function differencesOf(context: PathContext) {
  return context.ikeSas.filter(isEstablished).flatMap((sa) => {
    const difference = ikeSaDifference(sa, context.connection);
    return difference === undefined ? [] : [{ uniqueId: sa.uniqueId, difference }];
  });
}

/** The outdated IKE SAs, together with those that are overdue. */
export function overdueSas(context: PathContext, overdue: (sa: IkeSa) => boolean): string[] {
  return [...context.outdated, ...context.ikeSas.filter(overdue).map((sa) => sa.uniqueId)];
}

/**
 * Whether ipman ends SAs that newer ones make superfluous. A second SA for the same traffic that
 * returns again and again is not ended each time; a third IKE SA is.
 */
export function isDoubled({ ikeSas, recurrence }: PathContext): boolean {
  if (isLooping(recurrence)) return isCrowded(ikeSas);
  const surplus = surplusSas(ikeSas);
  return surplus.ikeSas.length + surplus.childSas.length > 0;
}

const configurationLost = failure(
  Reason.ConfigurationLost,
  "another program removed or replaced the connection or its key in charon; ipman loads it again",
);

/** The failure of a connection that charon lost: of each loss, or of many. */
export function lossFailure(recurrence: Recurrence): Failure {
  return isLooping(recurrence) ? loopFailure(recurrence) : configurationLost;
}

const charonMissing = failure(
  Reason.CharonUnavailable,
  "charon does not answer on its VICI socket",
);

/** Why the connection cannot be loaded; the same object while nothing changes. */
export function missingOf(context: PathContext): Failure | undefined {
  if (!context.charonReady) return charonMissing;
  if (context.secretRevision !== undefined) return undefined;
  return context.keyFailure ?? secretMissing(context.connection);
}

const secretMissing = memo(({ secretRef }: Connection): Failure => {
  const { namespace, name, key } = secretRef;
  const message = `the Secret ${namespace}/${name} with the key "${key}" does not exist`;
  return failure(Reason.SecretMissing, message);
});
