import { auditTime, from, map, merge, Observable, of, throwError } from "rxjs";
import type { ControlHandler } from "../../adapters/control/server.ts";
import { parseAddress } from "../../model/net/address.ts";
import { dated } from "../status/dated-status.ts";
import { diagnose } from "../diagnosis/diagnose.ts";
import type { Examiner } from "../diagnosis/examiner.ts";
import { actorsNow, inspection } from "../inspector/inspection.ts";
import { rekey, restart } from "../supervisor/orders.ts";
import type { Recent, RecentLine } from "../logs/recent.ts";
import { reportOf } from "../status/report.ts";
import { rootOf } from "../supervisor/root-of.ts";
import { statusOf } from "../status/status.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";

/** Changes that come close together are sent at once. */
const gatherMs = 20;

/** What may be asked of a supervisor on its control socket, which is root's alone. */
export function supervisorControl(
  supervisor: Supervisor,
  examiner: Examiner,
  recent: Recent,
): ControlHandler {
  return ({ op, ...request }): Observable<unknown> => {
    switch (op) {
      case "status":
        return of(dated(statusOf(supervisor)));
      case "report":
        return from(reportOf(supervisor, () => examiner.statistics())).pipe(
          map((report) => dated(report)),
        );
      case "watch":
        return merge(of(undefined), supervisor.changes.pipe(auditTime(gatherMs))).pipe(
          map(() => dated(statusOf(supervisor))),
        );
      case "inspect":
        return request["once"] === true ? from(actorsNow(supervisor)) : inspection(supervisor);
      case "logs":
        return logsOf(supervisor, recent, request);
      case "diagnose":
        return from(diagnose(supervisor, examiner, diagnosisOf(request)));
      case "rekey":
        return rekey(supervisor, textOf(request["connection"]), optionalText(request["child"]));
      case "restart":
        return restart(supervisor, textOf(request["connection"]));
      default:
        return throwError(() => new Error(`there is no operation "${op}"`));
    }
  };
}

/** charon's log is followed for as long as somebody follows this. */
function logsOf(
  supervisor: Supervisor,
  recent: Recent,
  { connection: wanted, follow }: Readonly<Record<string, unknown>>,
): Observable<RecentLine> {
  const { connection } = rootOf(supervisor, textOf(wanted)).getSnapshot().context;
  const lines = recent.of(connection, follow === true);
  if (follow !== true) return lines;
  return new Observable((subscriber) => {
    const attention = supervisor.attend();
    attention.add(lines.subscribe(subscriber));
    return () => attention.unsubscribe();
  });
}

function diagnosisOf({ connection, child, ping, rekey: tries }: Readonly<Record<string, unknown>>) {
  const asked = optionalText(ping);
  const target = parseAddress(asked ?? "");
  if (asked !== undefined && target === undefined)
    throw new Error(`--ping: "${asked}" is no address`);
  const which = { connection: textOf(connection), child: optionalText(child) };
  return { ...which, ping: target, rekey: tries === true };
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  throw new Error("name a connection");
}

function optionalText(value: unknown): string | undefined {
  return value === undefined ? undefined : textOf(value);
}
