import { defer, filter, map, merge, of, take, timeout, type Observable } from "rxjs";
import type { ConnectionActor } from "../../machines/connection/connection.ts";
import { stateElsewhere } from "../../machines/connection/elsewhere.ts";
import type { ConnectionContext } from "../../machines/connection/connection-types.ts";
import { isHere, pathNames } from "../../model/api/path.ts";
import { isUp } from "../conditions/conditions.ts";
import type { Running } from "../ports/running.ts";
import type { Outcome } from "./connection-commands.ts";
import { activeElsewhere, rootOf } from "./root-of.ts";

/** Longer than the attempt at a path. */
const limitMs = 15_000;

/**
 * Moves a connection's traffic to another path, without a loss.
 *
 * @param path the name of the path; undefined for the next one
 * @throws if the connection or the path does not exist
 */
export function move(
  running: Pick<Running, "roots" | "changes">,
  id: string,
  path?: string,
): Observable<Outcome> {
  const root = rootOf(running, id);
  const { connection, active, dials, choice } = contextOf(root);
  const names = pathNames(connection);
  if (path === undefined && names.length < 2)
    throw new Error(`connection ${id} has one path, so it cannot move`);
  if (path !== undefined && !names.includes(path))
    throw new Error(`connection ${id} has no path "${path}"; it has ${names.join(", ")}`);
  const target = path ?? (names[(names.indexOf(active) + 1) % names.length] as string);
  const outcome = (done: boolean, message: string): Outcome => ({ connection: id, done, message });
  if (target === active) return of(outcome(true, `has the active path ${target} already`));
  const elsewhere = activeElsewhere(root);
  if (elsewhere !== undefined) throw new Error(elsewhere);
  if (!dials) return of(outcome(false, `stays on the path ${active}: charon does not answer`));
  if (choice.leaving.includes(target))
    return of(
      outcome(
        false,
        `stays on the path ${active}: the node of ${target} is cordoned, or its charon or gateway is terminating`,
      ),
    );
  return defer(() => {
    root.send({ type: "move", path: target });
    return merge(of(undefined), running.changes).pipe(
      map(() => resultOf(contextOf(root), target)),
      filter((result) => result !== undefined),
      take(1),
      map(({ done, message }) => outcome(done, message)),
      timeout({
        first: limitMs,
        with: () => of(outcome(false, `does not have the path ${target} up yet; see ipman status`)),
      }),
    );
  });
}

function contextOf(root: ConnectionActor): ConnectionContext {
  return root.getSnapshot().context;
}

function resultOf(context: ConnectionContext, target: string) {
  const { connection, active, dialled, paths } = context;
  const { state, failure: known } = isHere(connection, target)
    ? (paths.find(({ path }) => path === target) ?? {})
    : { state: stateElsewhere(context, target) };
  if (active === target)
    return isUp(state) ? { done: true, message: `has the active path ${target}` } : undefined;
  if (dialled === target) return undefined;
  const why = known === undefined ? "" : `: ${known.reason}: ${known.message}`;
  return {
    done: false,
    message: `stays on the path ${active}, since ${target} did not come up${why}`,
  };
}
