import type { ConnectionActor } from "../../machines/connection/connection.ts";
import type { PathSnapshot } from "../../machines/path/path.ts";
import { failure, Reason, type Failure } from "../../model/status/failure.ts";
import { note, ok, problem, type Finding } from "../../model/status/finding.ts";
import { reasons } from "../../model/status/reason.ts";
import { activeConnection, pathSnapshotOf } from "../actors/snapshots.ts";
import { specFailure } from "../conditions/conditions.ts";
import type { Running } from "../ports/running.ts";
import { byActivePath } from "./standbys.ts";

/** A failure as a finding, with the remedy for its reason. */
export function problemOf(check: string, { reason, message }: Failure): Finding {
  return problem(check, `${reason}: ${message}`, reasons[reason].remedy);
}

const charonAway = failure(Reason.CharonUnavailable, "charon does not answer");

/**
 * Checks the manifest, the state file, charon, the secret, the options in `extra`, and whether
 * charon still has the connection.
 */
export function checkDeclared(running: Running, root: ConnectionActor): Finding[] {
  const snapshot = root.getSnapshot();
  const { connection } = snapshot.context;
  const path = pathSnapshotOf(snapshot);
  const refused = specFailure(running.desired.problems.get(connection.id) ?? []);
  const { hasSecret, keyFailure, secretTrouble } = running.secretOf(connection);
  const { charonSnapshot, stateProblem } = running;
  const { name, namespace, key } = activeConnection(snapshot.context).secretRef;
  return [
    ...(stateProblem === undefined ? [] : [note("state", stateProblem)]),
    refused === undefined ? ok("manifest", "is valid") : problemOf("manifest", refused),
    charonSnapshot.matches("connected")
      ? ok("charon", "answers")
      : problemOf("charon", charonSnapshot.context.failure ?? charonAway),
    ...byActivePath(root, [
      keyFailure === undefined
        ? secretFinding(hasSecret, secretTrouble, `${namespace}/${name}, key "${key}"`)
        : problemOf("secret", keyFailure),
      ...(path === undefined ? [] : [optionsFinding(path), ...lossIn(path)]),
    ]),
  ];
}

function optionsFinding({ context: { failure: known, omitted } }: PathSnapshot): Finding {
  const isRefused =
    known?.reason === Reason.ConfigRejected || known?.reason === Reason.AlgorithmUnsupported;
  if (isRefused) return problemOf("options", known);
  if (omitted === undefined) return ok("options", "charon accepts them");
  return note("options", omitted, reasons[Reason.AlgorithmUnsupported].remedy);
}

/** Reports that another program unloads the connection, now or within the last minutes. */
function lossIn(snapshot: PathSnapshot): Finding[] {
  const { failure: known, recurrence } = snapshot.context;
  const isLost = snapshot.matches("restoring") || known?.reason === Reason.ConfigurationLost;
  if (isLost && known !== undefined) return [problemOf("configuration", known)];
  if (recurrence.state !== "restoring") return [];
  const message = `${recurrence.cause}; ipman loaded it again`;
  return [note("configuration", message, reasons[Reason.ConfigurationLost].remedy)];
}

function secretFinding(exists: boolean, trouble: string | undefined, secret: string): Finding {
  if (trouble !== undefined) return problemOf("secret", failure(Reason.SecretUnreadable, trouble));
  if (exists) return ok("secret", "exists");
  const message = `there is no Secret ${secret}`;
  return problemOf("secret", failure(Reason.SecretMissing, message));
}
