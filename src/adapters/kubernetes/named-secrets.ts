import { Subject, type Observable } from "rxjs";
import type { SecretName } from "../../model/kubernetes/declared-secret.ts";
import { objectKey, type KubeObject } from "../../model/kubernetes/kube-object.ts";
import type { KubeClient } from "./client/kube-client.ts";
import type { KubeError } from "./client/kube-error.ts";
import { resourceTypes } from "./client/resource-type.ts";
import { ObjectStore } from "./client/object-store.ts";

/** Watches the wanted Secrets, each by name; no other Secret is read. */
export class NamedSecrets implements Disposable {
  readonly #client: KubeClient;
  readonly #stores = new Map<string, ObjectStore<KubeObject>>();
  readonly #unreadable = new Map<string, string>();
  readonly #changes = new Subject<void>();

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /** Emits after each change of a Secret or of its readability. */
  get changes(): Observable<void> {
    return this.#changes;
  }

  /** Whether each Secret was read, is known to be absent, or cannot be read. */
  get settled(): boolean {
    return [...this.#stores].every(([key, store]) => store.synced || this.#unreadable.has(key));
  }

  /** The Secrets that cannot be read at present: `namespace/name` → reason. */
  get unreadable(): ReadonlyMap<string, string> {
    return new Map(this.#unreadable);
  }

  get objects(): KubeObject[] {
    return [...this.#stores.values()].flatMap((store) => [...store.objects.values()]);
  }

  /** Watches exactly these Secrets from now on. */
  want(names: Iterable<SecretName>): void {
    const wanted = new Map([...names].map((name) => [objectKey(name), name]));
    for (const [key, store] of this.#stores) {
      if (wanted.has(key)) continue;
      store[Symbol.dispose]();
      this.#stores.delete(key);
      this.#unreadable.delete(key);
    }
    for (const [key, name] of wanted) if (!this.#stores.has(key)) this.#watch(key, name);
  }

  [Symbol.dispose](): void {
    this.want([]);
    this.#changes.complete();
  }

  #watch(key: string, { namespace, name }: SecretName): void {
    let denials = 0;
    const onTrouble = (error: KubeError) => {
      // The operator may be granting the right while the agent requests the Secret for the first
      // time; the watch repeats the request within a second.
      if (error.code === "denied" && denials++ === 0 && !store.synced) return;
      // A Secret that was read stays valid while the server is away.
      if (store.synced && error.code !== "denied") return;
      const why = whyUnreadable(error, { namespace, name });
      if (this.#unreadable.get(key) === why) return;
      this.#unreadable.set(key, why);
      this.#changes.next();
    };
    const store: ObjectStore<KubeObject> = new ObjectStore(
      this.#client,
      { type: resourceTypes.Secret, namespace, name },
      { onTrouble },
    );
    this.#stores.set(key, store);
    store.changes.subscribe(() => {
      this.#unreadable.delete(key);
      this.#changes.next();
    });
  }
}

function whyUnreadable({ code, message }: KubeError, { namespace, name }: SecretName): string {
  if (code !== "denied") return message;
  return (
    `ipman may not read the Secret ${namespace}/${name}: add ${namespace} to the chart's ` +
    "secretNamespaces; if it is there, the operator could not grant the right, and its log says why"
  );
}
