import { Subject, type Observable } from "rxjs";
import type { KubeObject } from "../../model/kube-object.ts";
import type { KubeClient } from "./kube-client.ts";
import { resourceTypes } from "./resource-type.ts";
import { View } from "./view.ts";

/** Which Secret. */
export interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

/** The Secrets that are asked for, each watched by its name: no others are ever read. */
export class NamedSecrets implements Disposable {
  readonly #client: KubeClient;
  readonly #views = new Map<string, View<KubeObject>>();
  /** Those that cannot be read, by `namespace/name`. */
  readonly #troubled = new Set<string>();
  readonly #changes = new Subject<void>();

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /** Emits after each change of a Secret, or of whether it can be read. */
  get changes(): Observable<void> {
    return this.#changes;
  }

  /** True when of each Secret it is known whether it is there, or that it cannot be known. */
  get settled(): boolean {
    return [...this.#views].every(([key, view]) => view.synced || this.#troubled.has(key));
  }

  get objects(): KubeObject[] {
    return [...this.#views.values()].flatMap((view) => [...view.objects.values()]);
  }

  /** Watches just these from now on. */
  want(names: Iterable<SecretName>): void {
    const wanted = new Map([...names].map((name) => [`${name.namespace}/${name.name}`, name]));
    for (const [key, view] of this.#views) {
      if (wanted.has(key)) continue;
      view[Symbol.dispose]();
      this.#views.delete(key);
      this.#troubled.delete(key);
    }
    for (const [key, name] of wanted) if (!this.#views.has(key)) this.#watch(key, name);
  }

  [Symbol.dispose](): void {
    this.want([]);
    this.#changes.complete();
  }

  #watch(key: string, { namespace, name }: SecretName): void {
    const onTrouble = () => {
      this.#troubled.add(key);
      this.#changes.next();
    };
    const view = new View(
      this.#client,
      { type: resourceTypes.Secret, namespace, name },
      { onTrouble },
    );
    this.#views.set(key, view);
    view.changes.subscribe(() => {
      this.#troubled.delete(key);
      this.#changes.next();
    });
  }
}
