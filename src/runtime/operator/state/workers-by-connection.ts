import { Subject, type Observable } from "rxjs";
import type { Change, ObjectStore } from "../../../adapters/kubernetes/client/object-store.ts";
import type { Connection } from "../../../model/api/connection.ts";
import { usedAddresses } from "../../../model/kubernetes/held-address.ts";
import { connectionsOf } from "../../../model/kubernetes/pod-attachments.ts";
import type { Pod } from "../../../model/kubernetes/worker-pod.ts";

type Used = ReadonlyMap<string, ReadonlyMap<string, string>>;

const noConnections: ReadonlySet<string> = new Set();

/** The worker pods of a view, by the connections that they name. */
export class WorkersByConnection implements Disposable {
  readonly #view: ObjectStore<Pod>;
  readonly #pods = new Map<string, Map<string, Pod>>();
  /** Memo of {@link usedAddresses}, valid while the pods and the connection do not change. */
  readonly #used = new Map<string, { readonly connection: Connection; readonly used: Used }>();
  readonly #touched = new Subject<string | undefined>();
  readonly #subscription;

  constructor(view: ObjectStore<Pod>) {
    this.#view = view;
    this.#subscription = view.changes.subscribe((change) => this.#update(change));
  }

  /** Emits the connection of each pod that changed; undefined if any may have. */
  get touched(): Observable<string | undefined> {
    return this.#touched;
  }

  of(id: string): Iterable<Pod> {
    return this.#pods.get(id)?.values() ?? [];
  }

  /** By the child's key: address → the pod that has it. */
  used(connection: Connection): Used {
    const memo = this.#used.get(connection.id);
    if (memo?.connection === connection) return memo.used;
    const used = usedAddresses(connection, this.of(connection.id));
    this.#used.set(connection.id, { connection, used });
    return used;
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    this.#touched.complete();
  }

  #update(change: Change<Pod>): void {
    if (change.type === "all") this.#updateAll();
    if (change.type === "all" || change.type === "progress") return;
    const { key, object, before } = change;
    const named = connectionsOf(object);
    const wasNamed = before === undefined ? noConnections : connectionsOf(before);
    for (const id of wasNamed.difference(named)) this.#drop(id, key);
    for (const id of named) {
      if (change.type === "delete") this.#drop(id, key);
      else this.#keep(id, key, object);
    }
    for (const id of wasNamed.union(named)) this.#touched.next(id);
  }

  #updateAll(): void {
    this.#pods.clear();
    this.#used.clear();
    for (const [key, pod] of this.#view.objects)
      for (const id of connectionsOf(pod)) this.#keep(id, key, pod);
    this.#touched.next(undefined);
  }

  #keep(id: string, key: string, pod: Pod): void {
    const pods = this.#pods.get(id) ?? new Map<string, Pod>();
    this.#pods.set(id, pods.set(key, pod));
    this.#used.delete(id);
  }

  #drop(id: string, key: string): void {
    const pods = this.#pods.get(id);
    pods?.delete(key);
    if (pods?.size === 0) this.#pods.delete(id);
    this.#used.delete(id);
  }
}
