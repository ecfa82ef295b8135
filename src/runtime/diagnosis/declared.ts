import type { ConnectionActor } from "../../machines/connection/connection.ts";
import { advice } from "../../model/status/advice.ts";
import type { Failure } from "../../model/status/failure.ts";
import { Reason } from "../../model/status/failure.ts";
import { note, ok, problem, type Finding } from "../../model/status/finding.ts";
import { specFailure } from "../conditions/conditions.ts";
import type { Running } from "../ports/running.ts";

/** What a failure is as a finding: its words, and what they mean. */
export function problemOf(check: string, { reason, message }: Failure): Finding {
  return problem(check, `${reason}: ${message}`, advice[reason].todo);
}

/** Whether the document is valid, the secret there, and charon at work. */
export function checkDeclared(running: Running, root: ConnectionActor): Finding[] {
  const { connection, failure } = root.getSnapshot().context;
  const refused = specFailure(running.desired.problems.get(connection.id) ?? []);
  const { hasSecret, keyFailure, secretTrouble } = running.secretOf(connection);
  const { charonSnapshot } = running;
  const { name, namespace, key } = connection.secretRef;
  const { stateProblem } = running;
  return [
    ...(stateProblem === undefined ? [] : [note("state", stateProblem, "make room on its disk")]),
    refused === undefined ? ok("document", "is valid") : problemOf("document", refused),
    charonSnapshot.matches("connected")
      ? ok("charon", "answers")
      : problemOf("charon", charonSnapshot.context.failure ?? charonAway),
    keyFailure === undefined
      ? secretFinding(hasSecret, secretTrouble, `${namespace}/${name}, key "${key}"`)
      : problemOf("secret", keyFailure),
    failure?.reason === Reason.ConfigRejected
      ? problemOf("options", failure)
      : ok("options", "charon takes them"),
  ];
}

const charonAway: Failure = {
  reason: Reason.CharonUnavailable,
  message: "charon does not answer",
  retryable: true,
};

function secretFinding(has: boolean, trouble: string | undefined, which: string): Finding {
  if (trouble !== undefined)
    return problemOf("secret", {
      reason: Reason.SecretUnreadable,
      message: trouble,
      retryable: true,
    });
  if (has) return ok("secret", "is there");
  const message = `there is no Secret ${which}`;
  return problemOf("secret", { reason: Reason.SecretMissing, message, retryable: true });
}
