import { auditTime, from, map, merge, Observable, of, throwError } from "rxjs";
import type { ControlHandler } from "../../adapters/control/server.ts";
import { parseAddress } from "../../model/net/address.ts";
import { dated } from "../status/dated-status.ts";
import { diagnose } from "../diagnosis/diagnose.ts";
import type { Examiner } from "../diagnosis/examiner.ts";
import { actorsNow, inspection } from "../inspector/inspection.ts";
import { rekey, restart } from "../connections/connection-commands.ts";
import type { LogBuffer, BufferedLine } from "../logs/log-buffer.ts";
import { move } from "../connections/move-command.ts";
import { reportOf } from "../status/report.ts";
import { rootOf } from "../connections/root-of.ts";
import { statusOf } from "../status/status.ts";
import type { Running } from "../ports/running.ts";

/** Milliseconds within which several changes lead to one status. */
const gatherMs = 20;

/** The operations of the control socket, to which only root has access. */
export function supervisorControl(
  running: Running,
  examiner: Examiner,
  logBuffer: LogBuffer,
): ControlHandler {
  return ({ op, ...request }): Observable<unknown> => {
    switch (op) {
      case "status":
        return of(dated(statusOf(running)));
      case "report":
        return from(reportOf(running, () => examiner.statistics())).pipe(
          map((report) => dated(report)),
        );
      case "watch":
        return merge(of(undefined), running.changes.pipe(auditTime(gatherMs))).pipe(
          map(() => dated(statusOf(running))),
        );
      case "inspect":
        return request["once"] === true ? from(actorsNow(running)) : inspection(running);
      case "logs":
        return logsOf(running, logBuffer, request);
      case "diagnose":
        return from(diagnose(running, examiner, diagnosisOf(request)));
      case "rekey":
        return rekey(running, textOf(request["connection"]), optionalText(request["child"]));
      case "move":
        return move(running, textOf(request["connection"]), optionalText(request["path"]));
      case "restart":
        return restart(running, textOf(request["connection"]));
      default:
        return throwError(() => new Error(`there is no operation "${op}"`));
    }
  };
}

/**
 * The buffered lines of a connection; while a client follows them, charon's log is followed too.
 */
function logsOf(
  running: Running,
  logBuffer: LogBuffer,
  { connection: wanted, follow }: Readonly<Record<string, unknown>>,
): Observable<BufferedLine> {
  const { connection } = rootOf(running, textOf(wanted)).getSnapshot().context;
  const lines = logBuffer.of(connection, follow === true);
  if (follow !== true) return lines;
  return new Observable((subscriber) => {
    const following = running.followCharonLog();
    following.add(lines.subscribe(subscriber));
    return () => following.unsubscribe();
  });
}

function diagnosisOf(request: Readonly<Record<string, unknown>>) {
  const { connection, child, ping, rekey: tries, service } = request;
  const text = optionalText(ping);
  const target = parseAddress(text ?? "");
  if (text !== undefined && target === undefined)
    throw new Error(`--ping: "${text}" is not an IP address`);
  const which = { connection: textOf(connection), child: optionalText(child) };
  return { ...which, ping: target, rekey: tries === true, service: optionalText(service) };
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  throw new Error("name a connection");
}

function optionalText(value: unknown): string | undefined {
  return value === undefined ? undefined : textOf(value);
}
