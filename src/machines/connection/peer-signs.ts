import { isDeepStrictEqual } from "node:util";
import type { Connection } from "../../model/api/connection.ts";
import { isHere, pathNames } from "../../model/api/path.ts";
import { failure, Reason } from "../../model/status/failure.ts";
import { standbyWithin, type PeerLimits } from "../../model/status/peer-limits.ts";
import { isUp } from "../../model/status/public-state.ts";
import type { ConnectionContext } from "./connection-types.ts";
import { stateElsewhere } from "./elsewhere.ts";
import { fewestClashes } from "../common/signs.ts";

/** The paths with an IKE SA, here and elsewhere. */
export function pathsEstablished(
  context: Pick<ConnectionContext, "connection" | "choice" | "paths">,
): string[] {
  const { connection, paths } = context;
  return pathNames(connection).filter((name) =>
    isHere(connection, name)
      ? isUp(paths.find(({ path }) => path === name)?.state)
      : isUp(stateElsewhere(context, name)),
  );
}

/**
 * Whether another path has an IKE SA of the same identities, which the peer accepted: a refusal to
 * authenticate is not due to them.
 */
export function hasTwin(
  context: Pick<ConnectionContext, "connection" | "choice" | "paths">,
  path: string,
): boolean {
  const { paths } = context.connection;
  const own = paths.find(({ name }) => name === path);
  if (own === undefined) return false;
  const established = pathsEstablished(context);
  return paths.some(
    (other) => other !== own && established.includes(other.name) && isAlike(own, other),
  );
}

type Identified = Pick<Connection, "localId" | "remoteId">;

/** Paths with the same remote identity have the same key. */
function isAlike(a: Identified, b: Identified): boolean {
  return a.localId === b.localId && a.remoteId === b.remoteId;
}

/** The limits that the signs show. */
export function limitsBy({ limits, signs, connection }: Limited): PeerLimits {
  if (limits.keepsOne !== undefined || signs.clashes < fewestClashes) return limits;
  return { ...limits, keepsOne: failure(Reason.PeerKeepsOne, keepsOneText(connection)) };
}

type Limited = Pick<ConnectionContext, "limits" | "signs" | "connection">;

function keepsOneText({ paths }: Connection): string {
  const [first, ...others] = paths;
  const isSame = first !== undefined && others.some((other) => isAlike(first, other));
  const remedy = isSame
    ? "give each path a `localId` of its own, or have the peer allow several (`unique = never` of strongSwan)"
    : "have the peer allow several (`unique = never` of strongSwan)";
  return `the peer refuses or ends an IKE SA while another path has one: the standbys are cold; ${remedy}, or declare \`standby: cold\``;
}

/** The limits after answers returned with a rekey of the active path. */
export function returnedTo({ limits, signs: { suspect } }: Limited): PeerLimits {
  if (suspect === undefined) return limits;
  const message = `the peer's answers followed a CHILD SA of ${suspect}, which stands by, until that of the active path was rekeyed: hot standbys are warm; declare \`standby: warm\`, or have the peer use an interface for each tunnel`;
  return { ...limits, takesLast: failure(Reason.PeerTakesLast, message) };
}

/** Whether a path is a hot standby, as far as the peer is known. */
export function isHotStandby(
  { connection, active, limits }: Pick<ConnectionContext, "connection" | "active" | "limits">,
  path: string,
): boolean {
  const declared = connection.paths.find(({ name }) => name === path);
  if (declared === undefined || path === active) return false;
  return standbyWithin(limits, declared.standby) === "hot" && isHere(connection, active);
}

/** Whether a declaration concerns the paths, so that the peer may behave in another way. */
export function isOfPaths(before: Connection, after: Connection): boolean {
  return before.paths !== after.paths && !isDeepStrictEqual(before.paths, after.paths);
}
