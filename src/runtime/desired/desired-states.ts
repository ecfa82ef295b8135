import { defer, EMPTY, mergeMap, of, share, ReplaySubject, type Observable } from "rxjs";
import type { Snapshot } from "../../model/api/resource.ts";
import { resubscribed } from "../actors/contained.ts";
import {
  desiredState,
  nothingDesired,
  type DesiredPlace,
  type DesiredState,
} from "./desired-state.ts";

export interface DesiredStatesOptions extends DesiredPlace {
  /**
   * Called with errors of the source, which is subscribed to again, and with defects of the parser.
   */
  readonly report: (error: unknown) => void;
}

/**
 * The desired state after each snapshot. All subscribers share one subscription to the source,
 * and a new one gets the present state at once. A snapshot that cannot be processed changes
 * nothing.
 */
export function desiredStates(
  snapshots: Observable<Snapshot>,
  { report, ...place }: DesiredStatesOptions,
): Observable<DesiredState> {
  return defer(() => {
    let current = nothingDesired;
    const process = (snapshot: Snapshot): Observable<DesiredState> => {
      try {
        current = desiredState(current, snapshot, place);
        return of(current);
      } catch (error) {
        report(error);
        return EMPTY;
      }
    };
    return resubscribed(snapshots, report).pipe(mergeMap(process));
  }).pipe(share({ connector: () => new ReplaySubject(1) }));
}
