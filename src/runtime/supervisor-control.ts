import { auditTime, from, map, merge, of, throwError, type Observable } from "rxjs";
import type { ControlHandler } from "../adapters/control/server.ts";
import { actorsNow, inspection } from "./inspector/inspection.ts";
import { statusOf } from "./status.ts";
import type { Supervisor } from "./supervisor.ts";

/** Changes that come close together are sent at once. */
const gatherMs = 20;

/** What anybody may ask of a supervisor on its control socket; nothing of it changes anything. */
export function supervisorControl(supervisor: Supervisor): ControlHandler {
  return ({ op, once }): Observable<unknown> => {
    switch (op) {
      case "status":
        return of(statusOf(supervisor));
      case "watch":
        return merge(of(undefined), supervisor.changes.pipe(auditTime(gatherMs))).pipe(
          map(() => statusOf(supervisor)),
        );
      case "inspect":
        return once === true ? from(actorsNow(supervisor)) : inspection(supervisor);
      default:
        return throwError(() => new Error(`there is no operation "${op}"`));
    }
  };
}
