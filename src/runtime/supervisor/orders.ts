import { defer, filter, map, merge, of, take, timeout, type Observable } from "rxjs";
import type { ConnectionActor } from "../../machines/connection/connection.ts";
import type { ChildActor, ChildSnapshot } from "../../machines/child/child.ts";
import { childActorId } from "../../machines/connection/connection-types.ts";
import type { ChildRef } from "../../model/api/child-ref.ts";
import type { Failure } from "../../model/status/failure.ts";
import { rootOf } from "./root-of.ts";
import type { Supervisor } from "./supervisor.ts";
import { topState } from "../actors/state-name.ts";

/** What came of an order for one child. */
export interface Outcome extends ChildRef {
  readonly done: boolean;
  readonly message: string;
}

/** For how long what was ordered is waited for; charon's own patience is longer. */
const rekeyMs = 15_000;
const restartMs = 60_000;

/**
 * Has CHILD SAs rekeyed now, as they would be in time: nothing is lost, and a peer that would
 * refuse then refuses now.
 *
 * @param key of the child; undefined for all
 * @throws where there is no such connection or child
 */
export function rekey(supervisor: Supervisor, id: string, key?: string): Observable<Outcome> {
  return merge(...childrenOf(supervisor, id, key).map((child) => rekeyOne(supervisor, child)));
}

/**
 * Ends a connection's IKE SAs and negotiates everything anew; traffic rests meanwhile.
 *
 * @throws where there is no such connection
 */
export function restart(supervisor: Supervisor, id: string): Observable<Outcome> {
  const before = idsOf(rootOf(supervisor, id));
  return defer(() => {
    rootOf(supervisor, id).send({ type: "restart" });
    const children = childrenOf(supervisor, id);
    return merge(...children.map((child) => upAgain(supervisor, child, before)));
  });
}

function rekeyOne(supervisor: Supervisor, ordered: Ordered): Observable<Outcome> {
  const snapshot = ordered.child.getSnapshot();
  const state = topState(snapshot.value);
  if (state !== "established") return of(outcome(ordered, false, `is ${state}: nothing to rekey`));
  const before = new Set(snapshot.context.sas.map(({ uniqueId }) => uniqueId));
  return defer(() => {
    ordered.child.send({ type: "rekey" });
    return awaited(supervisor, ordered, rekeyMs, ({ value, context: { sas, failure, hint } }) => {
      if (hint !== undefined) return { done: false, message: `was not rekeyed: ${words(hint)}` };
      if (topState(value) === "failed") return { done: false, message: words(failure) };
      const isNew = sas.length > 0 && sas.every(({ uniqueId }) => !before.has(uniqueId));
      if (topState(value) !== "established" || !isNew) return undefined;
      return { done: true, message: "has a new CHILD SA" };
    });
  });
}

function upAgain(
  supervisor: Supervisor,
  ordered: Ordered,
  before: ReadonlySet<string>,
): Observable<Outcome> {
  // One that had failed is told of the new beginning when charon has the connection.
  let hasBegun = false;
  return awaited(supervisor, ordered, restartMs, ({ value, context }) => {
    const root = ordered.root.getSnapshot();
    const ofRoot = topState(root.value);
    // What a peer refuses may be an attempt from before: whoever initiates tells of its own.
    const isTold = root.matches({ failed: "refused" }) && context.child.initiates;
    if (ofRoot === "failed" && !isTold)
      return { done: false, message: words(root.context.failure) };
    // Whatever ends before charon has the connection anew was under way already.
    if (ofRoot === "pending" || ofRoot === "loading") return undefined;
    const state = topState(value);
    hasBegun ||= state !== "failed";
    // An attempt that was under way says nothing of the new beginning.
    if (state === "failed" && hasBegun && !context.loadedSince)
      return { done: false, message: words(context.failure) };
    const isNew = [...idsOf(ordered.root)].some((uniqueId) => !before.has(uniqueId));
    if (state !== "established" || !isNew) return undefined;
    return { done: true, message: "carries traffic again" };
  });
}

type OutcomeOf = (snapshot: ChildSnapshot) => Pick<Outcome, "done" | "message"> | undefined;

/** Waits until there is a judgement; that none came is one, too. */
function awaited(
  supervisor: Supervisor,
  ordered: Ordered,
  patienceMs: number,
  judge: OutcomeOf,
): Observable<Outcome> {
  const late = `nothing came of it within ${patienceMs / 1_000} s; see ipman status`;
  return merge(of(undefined), supervisor.changes).pipe(
    map(() => judge(ordered.child.getSnapshot())),
    filter((judged) => judged !== undefined),
    take(1),
    map(({ done, message }) => outcome(ordered, done, message)),
    timeout({ first: patienceMs, with: () => of(outcome(ordered, false, late)) }),
  );
}

interface Ordered {
  readonly root: ConnectionActor;
  readonly key: string;
  readonly child: ChildActor;
}

function childrenOf(supervisor: Supervisor, id: string, key?: string): Ordered[] {
  const root = rootOf(supervisor, id);
  const { children, context } = root.getSnapshot();
  const all = context.connection.children.map((child) => child.key);
  const wanted = key === undefined ? all : all.filter((one) => one === key);
  if (wanted.length === 0)
    throw new Error(`connection ${id} has no child "${key}"; it has ${all.join(", ")}`);
  return wanted.flatMap((one) => {
    const child = children[childActorId(one)] as ChildActor | undefined;
    return child === undefined ? [] : [{ root, key: one, child }];
  });
}

function idsOf(root: ConnectionActor): Set<string> {
  return new Set(root.getSnapshot().context.ikeSas.map(({ uniqueId }) => uniqueId));
}

function words(failure: Failure | undefined): string {
  return failure === undefined ? "failed" : `${failure.reason}: ${failure.message}`;
}

function outcome({ root, key }: Ordered, done: boolean, message: string): Outcome {
  return { connection: root.getSnapshot().context.connection.id, child: key, done, message };
}
