import { filter, firstValueFrom, map, merge, startWith, timeout, type Observable } from "rxjs";
import type { KubeClient } from "../../../adapters/kubernetes/client/kube-client.ts";
import { KubeError } from "../../../adapters/kubernetes/client/kube-error.ts";
import { resourceTypes } from "../../../adapters/kubernetes/client/resource-type.ts";
import { ObjectStore } from "../../../adapters/kubernetes/client/object-store.ts";
import type { KubeObject } from "../../../model/kubernetes/kube-object.ts";

/** The names of the two configurations that register the webhooks. */
export interface ConfigurationNames {
  readonly mutating: string;
  readonly validating: string;
}

type ConfigurationType = (typeof resourceTypes)[
  | "MutatingWebhookConfiguration"
  | "ValidatingWebhookConfiguration"];

interface ClientConfig {
  readonly caBundle?: string;
  readonly service?: { readonly path?: string };
}

interface Webhook {
  readonly name: string;
  readonly clientConfig: ClientConfig;
}

interface WebhookConfiguration extends KubeObject {
  readonly webhooks?: readonly Webhook[];
}

interface Watched {
  readonly type: ConfigurationType;
  readonly view: ObjectStore<WebhookConfiguration>;
}

/** How long this replica may take to see the version that a write conflicted with. */
const conflictMs = 10_000;

/**
 * How the API server calls the webhooks: by which path, and with which authority. The chart contains
 * neither, and an upgrade may remove both from the configurations: therefore they are watched.
 */
export class WebhookConfigurations implements Disposable {
  readonly #client: KubeClient;
  readonly #watched: readonly Watched[];

  constructor(
    client: KubeClient,
    { mutating, validating }: ConfigurationNames,
    onTrouble: (error: unknown) => void,
  ) {
    this.#client = client;
    const { MutatingWebhookConfiguration, ValidatingWebhookConfiguration } = resourceTypes;
    const wanted = [
      { type: MutatingWebhookConfiguration, name: mutating },
      { type: ValidatingWebhookConfiguration, name: validating },
    ];
    this.#watched = wanted.map(({ type, name }) => ({
      type,
      view: new ObjectStore<WebhookConfiguration>(client, { type, name }, { onTrouble }),
    }));
  }

  /** Emits after each change of a configuration. */
  get changes(): Observable<unknown> {
    return merge(...this.#watched.map(({ view }) => view.changes));
  }

  /** Whether both were read or are known to be absent. */
  get synced(): boolean {
    return this.#watched.every(({ view }) => view.synced);
  }

  /** The paths by which the API server calls the webhooks. */
  get paths(): string[] {
    return this.#watched.flatMap(({ view }) =>
      [...view.objects.values()].flatMap(({ webhooks = [] }) =>
        webhooks.map(({ clientConfig: { service } }) => service?.path ?? ""),
      ),
    );
  }

  /** Resolves when each existing configuration trusts these certificates, as PEM. */
  async trust(certificates: string): Promise<void> {
    const caBundle = Buffer.from(certificates).toString("base64");
    await this.#change(({ clientConfig }) => ({ ...clientConfig, caBundle }));
  }

  /**
   * Resolves when each existing configuration has these paths.
   *
   * @param pathOf gives the path of an endpoint: `pods` for the webhook `pods.ipman.dialo.ai`
   */
  async call(pathOf: (endpoint: string) => string): Promise<void> {
    await this.#change(({ name, clientConfig }) => {
      const { service } = clientConfig;
      const [endpoint = ""] = name.split(".");
      if (service === undefined) return clientConfig;
      return { ...clientConfig, service: { ...service, path: pathOf(endpoint) } };
    });
  }

  [Symbol.dispose](): void {
    for (const { view } of this.#watched) view[Symbol.dispose]();
  }

  async #change(change: (webhook: Webhook) => ClientConfig): Promise<void> {
    for (const { type, view } of this.#watched) {
      while (!(await this.#write(type, view, change)));
    }
  }

  /** @returns false after a conflict, once the other writer's version is seen here */
  async #write(
    type: ConfigurationType,
    view: ObjectStore<WebhookConfiguration>,
    change: (webhook: Webhook) => ClientConfig,
  ): Promise<boolean> {
    const [configuration] = view.objects.values();
    if (configuration === undefined) return true;
    const { metadata, webhooks = [] } = configuration;
    const changed = webhooks.map((webhook) => ({ ...webhook, clientConfig: change(webhook) }));
    const isDone = changed.every(({ clientConfig }, i) =>
      isSame(clientConfig, webhooks[i]?.clientConfig ?? {}),
    );
    if (isDone) return true;
    const { name, resourceVersion } = metadata;
    const patch = { metadata: { resourceVersion }, webhooks: changed };
    try {
      await this.#client.mergePatch(type, { name }, patch);
      return true;
    } catch (error) {
      if (!(error instanceof KubeError) || error.code !== "conflict") throw error;
    }
    await versionAfter(view, resourceVersion);
    return false;
  }
}

function isSame(a: ClientConfig, b: ClientConfig): boolean {
  return a.caBundle === b.caBundle && a.service?.path === b.service?.path;
}

async function versionAfter(
  view: ObjectStore<WebhookConfiguration>,
  resourceVersion: string | undefined,
): Promise<void> {
  const seen = view.changes.pipe(
    startWith(undefined),
    map(() => [...view.objects.values()][0]?.metadata.resourceVersion),
    filter((version) => version !== resourceVersion),
    timeout({ first: conflictMs }),
  );
  await firstValueFrom(seen);
}
