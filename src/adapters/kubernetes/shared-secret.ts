import type { Observable } from "rxjs";
import type { KubeObject, OwnerReference } from "../../model/kubernetes/kube-object.ts";
import type { KubeClient } from "./client/kube-client.ts";
import { KubeError } from "./client/kube-error.ts";
import { resourceTypes } from "./client/resource-type.ts";
import { ObjectStore } from "./client/object-store.ts";

export interface SharedSecretOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly secretName: string;
  /** The Secret is deleted with its owner. */
  readonly owner: OwnerReference | undefined;
  readonly onTrouble: (error: unknown) => void;
}

/** A Secret in the API; its data is base64. */
export interface StoredSecret extends KubeObject {
  readonly type?: string;
  readonly immutable?: boolean;
  readonly data?: Readonly<Record<string, string>>;
}

type SecretContent = Required<Pick<StoredSecret, "data">> & {
  readonly labels?: Readonly<Record<string, string>>;
  readonly immutable?: boolean;
};

/** A Secret that all replicas of the operator watch, and any of them may write. */
export class SharedSecret implements Disposable {
  readonly #options: SharedSecretOptions;
  readonly #store: ObjectStore<StoredSecret>;

  constructor(options: SharedSecretOptions) {
    this.#options = options;
    const { client, namespace, secretName: name, onTrouble } = options;
    const wanted = { type: resourceTypes.Secret, namespace, name };
    this.#store = new ObjectStore<StoredSecret>(client, wanted, { onTrouble });
  }

  /** Whether the Secret was read, or is known to be absent. */
  get synced(): boolean {
    return this.#store.synced;
  }

  /** Emits after each change of the Secret, including those by this process. */
  get changes(): Observable<unknown> {
    return this.#store.changes;
  }

  /** Undefined if the Secret does not exist. */
  get current(): StoredSecret | undefined {
    return [...this.#store.objects.values()][0];
  }

  /**
   * Writes the Secret; returns false if another replica was first.
   *
   * @param before the Secret to replace, as {@link current} was when this was decided
   */
  async write(
    before: StoredSecret | undefined,
    { data, labels, immutable }: SecretContent,
  ): Promise<boolean> {
    const { client, namespace, secretName: name, owner } = this.#options;
    const owned = owner === undefined ? {} : { ownerReferences: [owner] };
    const object: StoredSecret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: before?.metadata ?? { name, namespace, ...owned, ...(labels && { labels }) },
      // The type cannot change, and cert-manager's Secrets have another one.
      type: before?.type ?? "Opaque",
      ...(immutable !== undefined && { immutable }),
      data,
    };
    try {
      if (before === undefined) await client.create(resourceTypes.Secret, object);
      else await client.replace(resourceTypes.Secret, object);
      return true;
    } catch (error) {
      if (!(error instanceof KubeError) || !["conflict", "exists"].includes(error.code))
        throw error;
      return false;
    }
  }

  [Symbol.dispose](): void {
    this.#store[Symbol.dispose]();
  }
}
