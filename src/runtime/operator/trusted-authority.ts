import { merge, type Observable } from "rxjs";
import type { KubeClient } from "../../adapters/kubernetes/kube-client.ts";
import { KubeError } from "../../adapters/kubernetes/kube-error.ts";
import { resourceTypes } from "../../adapters/kubernetes/resource-type.ts";
import { View } from "../../adapters/kubernetes/view.ts";
import type { KubeObject } from "../../model/kube-object.ts";

/** Names of the two configurations by which the API server finds the webhooks. */
export interface ConfigurationNames {
  readonly mutating: string;
  readonly validating: string;
}

type ConfigurationType = (typeof resourceTypes)[
  | "MutatingWebhookConfiguration"
  | "ValidatingWebhookConfiguration"];

interface WebhookConfiguration extends KubeObject {
  readonly webhooks?: readonly { readonly clientConfig: { readonly caBundle?: string } }[];
}

interface Watched {
  readonly type: ConfigurationType;
  readonly view: View<WebhookConfiguration>;
}

/**
 * Whom the API server trusts when it calls the webhooks. Whoever writes a configuration anew,
 * as Helm does, writes it without: so both are watched.
 */
export class TrustedAuthority implements Disposable {
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
    this.#watched = wanted.map((one) => ({
      type: one.type,
      view: new View<WebhookConfiguration>(client, one, { onTrouble }),
    }));
  }

  /** Emits when somebody wrote one of them. */
  get changes(): Observable<unknown> {
    return merge(...this.#watched.map(({ view }) => view.changes));
  }

  /** Resolves when every configuration that is there trusts these certificates, as PEM. */
  async be(certificates: string): Promise<void> {
    const caBundle = Buffer.from(certificates).toString("base64");
    for (const { type, view } of this.#watched) {
      for (const one of view.objects.values()) await this.#write(type, one, caBundle);
    }
  }

  [Symbol.dispose](): void {
    for (const { view } of this.#watched) view[Symbol.dispose]();
  }

  async #write(
    type: ConfigurationType,
    { metadata, webhooks = [] }: WebhookConfiguration,
    caBundle: string,
  ): Promise<void> {
    if (webhooks.every(({ clientConfig }) => clientConfig.caBundle === caBundle)) return;
    const { name, resourceVersion } = metadata;
    const trusting = webhooks.map((webhook) => ({
      ...webhook,
      clientConfig: { ...webhook.clientConfig, caBundle },
    }));
    const patch = { metadata: { resourceVersion }, webhooks: trusting };
    try {
      await this.#client.mergePatch(type, { name }, patch);
    } catch (error) {
      // Another replica, or whoever wrote it anew, was first: the view tells of that.
      if (!(error instanceof KubeError) || error.code !== "conflict") throw error;
    }
  }
}
