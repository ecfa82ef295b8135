import { defer, filter, map, merge, of, take, timeout, type Observable } from "rxjs";
import type { ConnectionActor } from "../../machines/connection/connection.ts";
import type { ChildActor, ChildSnapshot } from "../../machines/child/child.ts";
import type { ChildRef } from "../../model/api/child-ref.ts";
import { childrenNamed } from "../../model/api/connection.ts";
import type { Failure } from "../../model/status/failure.ts";
import { activeElsewhere, rootOf } from "./root-of.ts";
import type { Running } from "../ports/running.ts";
import { childOf, childSnapshotOf, pathSnapshotOf } from "../actors/snapshots.ts";
import { topState } from "../actors/state-name.ts";

/** The result of a command for one child. */
export interface Outcome extends Pick<ChildRef, "connection"> {
  /** The child's key; undefined for a command about the whole connection. */
  readonly child?: string;
  readonly done: boolean;
  readonly message: string;
}

/** Time limits for a result; charon itself waits longer. */
const rekeyMs = 15_000;
const restartMs = 60_000;

/**
 * Rekeys CHILD SAs now, as charon does before they expire. No packet is lost, and a peer that
 * refuses the later rekey refuses this one.
 *
 * @param name the child's key or name; undefined for all children
 * @throws if there is no such connection or child
 */
export function rekey(running: Live, id: string, name?: string): Observable<Outcome> {
  return merge(...childrenOf(running, id, name).map((child) => rekeyOne(running, child)));
}

/**
 * Ends a connection's IKE SAs and negotiates them again; traffic stops in the meantime.
 *
 * @throws if there is no such connection, or another agent has its active path
 */
export function restart(running: Live, id: string): Observable<Outcome> {
  const root = rootOf(running, id);
  const elsewhere = activeElsewhere(root);
  if (elsewhere !== undefined) throw new Error(elsewhere);
  const before = idsOf(root);
  return defer(() => {
    rootOf(running, id).send({ type: "restart" });
    const children = childrenOf(running, id);
    return merge(...children.map((child) => upAgain(running, child, before)));
  });
}

function rekeyOne(running: Live, target: CommandTarget): Observable<Outcome> {
  const snapshot = target.child.getSnapshot();
  const state = topState(snapshot.value);
  if (state !== "established") return of(outcome(target, false, `is ${state}: nothing to rekey`));
  const before = new Set(snapshot.context.sas.map(({ uniqueId }) => uniqueId));
  return defer(() => {
    target.child.send({ type: "rekey" });
    return awaited(running, target, rekeyMs, ({ value, context: { sas, failure, hint } }) => {
      if (hint !== undefined) return { done: false, message: `was not rekeyed: ${words(hint)}` };
      if (topState(value) === "failed") return { done: false, message: words(failure) };
      const isNew = sas.length > 0 && sas.every(({ uniqueId }) => !before.has(uniqueId));
      if (topState(value) !== "established" || !isNew) return undefined;
      return { done: true, message: "has a new CHILD SA" };
    });
  });
}

function upAgain(
  running: Live,
  target: CommandTarget,
  before: ReadonlySet<string>,
): Observable<Outcome> {
  // A failed child is notified of the restart once charon has loaded the connection.
  let hasBegun = false;
  return awaited(running, target, restartMs, ({ value, context }) => {
    const path = pathSnapshotOf(target.root.getSnapshot());
    if (path === undefined) return undefined;
    const ofPath = topState(path.value);
    // The refusal may belong to an earlier attempt; a child that initiates reports the result itself.
    const isOlder = path.matches({ failed: "refused" }) && context.child.initiates;
    if (ofPath === "failed" && !isOlder)
      return { done: false, message: words(path.context.failure) };
    // An attempt that ends before charon has loaded the connection again began before the restart.
    if (ofPath === "pending" || ofPath === "loading") return undefined;
    const state = topState(value);
    hasBegun ||= state !== "failed";
    // The failure of an earlier attempt is not a result of the restart.
    if (state === "failed" && hasBegun && !context.loadedSince)
      return { done: false, message: words(context.failure) };
    const isNew = [...idsOf(target.root)].some((uniqueId) => !before.has(uniqueId));
    if (state !== "established" || !isNew) return undefined;
    return { done: true, message: "carries traffic again" };
  });
}

type ResultOf = (snapshot: ChildSnapshot) => Pick<Outcome, "done" | "message"> | undefined;

/** Waits for a result; reaching the time limit is a result too. */
function awaited(
  running: Live,
  target: CommandTarget,
  limitMs: number,
  judge: ResultOf,
): Observable<Outcome> {
  const late = `no result within ${limitMs / 1_000} s; see ipman status`;
  return merge(of(undefined), running.changes).pipe(
    map(() => {
      // Another path may have become active.
      const child = childSnapshotOf(target.root.getSnapshot(), target.key);
      return child === undefined ? undefined : judge(child);
    }),
    filter((result) => result !== undefined),
    take(1),
    map(({ done, message }) => outcome(target, done, message)),
    timeout({ first: limitMs, with: () => of(outcome(target, false, late)) }),
  );
}

/** The part of a supervisor that the commands need. */
type Live = Pick<Running, "desired" | "roots" | "changes">;

interface CommandTarget {
  readonly root: ConnectionActor;
  readonly key: string;
  readonly child: ChildActor;
}

function childrenOf(running: Live, id: string, name?: string): CommandTarget[] {
  const root = rootOf(running, id);
  const elsewhere = activeElsewhere(root);
  if (elsewhere !== undefined) throw new Error(elsewhere);
  const connection = root.getSnapshot();
  const declared = connection.context.connection;
  const wanted = childrenNamed(declared, name);
  if (wanted.length === 0) {
    const all = declared.children.map(({ key }) => key).join(", ");
    throw new Error(`connection ${id} has no child "${name}"; it has ${all}`);
  }
  return wanted.flatMap(({ key }) => {
    const child = childOf(connection, key);
    return child === undefined ? [] : [{ root, key, child }];
  });
}

function idsOf(root: ConnectionActor): Set<string> {
  const { ikeSas = [] } = pathSnapshotOf(root.getSnapshot())?.context ?? {};
  return new Set(ikeSas.map(({ uniqueId }) => uniqueId));
}

function words(failure: Failure | undefined): string {
  return failure === undefined ? "failed" : `${failure.reason}: ${failure.message}`;
}

function outcome({ root, key }: CommandTarget, done: boolean, message: string): Outcome {
  return { connection: root.getSnapshot().context.connection.id, child: key, done, message };
}
