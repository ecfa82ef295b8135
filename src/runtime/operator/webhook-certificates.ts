import { auditTime, merge, type Subscription } from "rxjs";
import type { KubeClient } from "../../adapters/kubernetes/kube-client.ts";
import {
  endOf,
  makeAuthority,
  makeLeaf,
  type KeyPair,
} from "../../adapters/kubernetes/certificates.ts";
import { KubeError } from "../../adapters/kubernetes/kube-error.ts";
import { resourceTypes } from "../../adapters/kubernetes/resource-type.ts";
import { View } from "../../adapters/kubernetes/view.ts";
import type { KubeObject, OwnerReference } from "../../model/kube-object.ts";

export interface WebhookCertificatesOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  /** The Secret that all replicas share. */
  readonly secretName: string;
  /** The Service that the API server calls. */
  readonly serviceName: string;
  /** Names of the webhook configurations that are to trust the authority. */
  readonly configurations: { readonly mutating: string; readonly validating: string };
  /** False where somebody else (cert-manager) keeps Secret and configurations. */
  readonly managed: boolean;
  /** The Secret goes with it. */
  readonly owner: OwnerReference | undefined;
  readonly onPair: (pair: KeyPair) => void;
  readonly onTrouble: (error: unknown) => void;
}

const day = 24 * 3_600_000;
const authorityMs = 3_650 * day;
const leafMs = 365 * day;
/** Renewed when less than this is left. */
const renewMs = 30 * day;
const lookMs = 3_600_000;
const againMs = 2_000;
const gatherMs = 50;

type Secret = KubeObject & { readonly data?: Readonly<Record<string, string>> };

/**
 * The webhooks' certificate: made once by whoever is first, kept in a Secret that every
 * replica watches, renewed before it ends, and its authority made known to the API server.
 */
export class WebhookCertificates implements Disposable {
  readonly #options: WebhookCertificatesOptions;
  readonly #secret: View<Secret>;
  /** Whoever writes a configuration anew writes it without the authority. */
  readonly #configurations: readonly Configurations[];
  readonly #subscription: Subscription;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;
  #shown: string | undefined;

  constructor(options: WebhookCertificatesOptions) {
    this.#options = options;
    const { client, namespace, secretName: name, onTrouble } = options;
    const wanted = { type: resourceTypes.Secret, namespace, name };
    this.#secret = new View<Secret>(client, wanted, { onTrouble });
    this.#configurations = options.managed ? this.#watchConfigurations() : [];
    const views = [this.#secret, ...this.#configurations.map(({ view }) => view)];
    this.#subscription = merge(...views.map(({ changes }) => changes))
      .pipe(auditTime(gatherMs))
      .subscribe(() => void this.#look());
  }

  [Symbol.dispose](): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#subscription.unsubscribe();
    this.#secret[Symbol.dispose]();
    for (const { view } of this.#configurations) view[Symbol.dispose]();
  }

  #watchConfigurations(): Configurations[] {
    const { client, onTrouble, configurations } = this.#options;
    const { MutatingWebhookConfiguration, ValidatingWebhookConfiguration } = resourceTypes;
    const watched = [
      { type: MutatingWebhookConfiguration, name: configurations.mutating },
      { type: ValidatingWebhookConfiguration, name: configurations.validating },
    ];
    return watched.map((wanted) => ({
      type: wanted.type,
      view: new View<WebhookConfiguration>(client, wanted, { onTrouble }),
    }));
  }

  async #look(): Promise<void> {
    clearTimeout(this.#timer);
    let next = lookMs;
    try {
      await this.#settle();
    } catch (error) {
      this.#options.onTrouble(error);
      next = againMs;
    }
    if (!this.#ended) this.#timer = setTimeout(() => void this.#look(), next);
  }

  async #settle(): Promise<void> {
    if (!this.#secret.synced) return;
    const [secret] = this.#secret.objects.values();
    const { managed, onPair } = this.#options;
    const data = decoded(secret);
    if (managed && (secret === undefined || isDue(data["tls.crt"]) || isDue(data["ca.crt"]))) {
      await this.#write(secret, data);
      // The view tells of it, to this replica like to the others.
      return;
    }
    const pair = { certificate: data["tls.crt"] ?? "", key: data["tls.key"] ?? "" };
    if (pair.certificate === "" || pair.key === "") return;
    if (this.#shown !== pair.certificate) onPair(pair);
    this.#shown = pair.certificate;
    if (managed) await this.#trust(data["ca.crt"] ?? "");
  }

  async #write(secret: Secret | undefined, data: Record<string, string>): Promise<void> {
    const { client, namespace, secretName: name, serviceName, owner } = this.#options;
    const owned = owner === undefined ? {} : { ownerReferences: [owner] };
    const known = { certificate: data["ca.crt"] ?? "", key: data["ca.key"] ?? "" };
    const authority = isDue(known.certificate)
      ? await makeAuthority({ name: "CN=ipman webhooks", lifetimeMs: authorityMs })
      : known;
    const host = `${serviceName}.${namespace}`;
    const hosts = [`${host}.svc`, host, `${host}.svc.cluster.local`, serviceName];
    const leaf = await makeLeaf(authority, { name: `CN=${host}.svc`, hosts, lifetimeMs: leafMs });
    const made = {
      "ca.crt": authority.certificate,
      "ca.key": authority.key,
      "tls.crt": leaf.certificate,
      "tls.key": leaf.key,
    };
    const object: Secret & { readonly type: string } = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: secret?.metadata ?? { name, namespace, ...owned },
      type: "Opaque",
      data: encoded(made),
    };
    try {
      if (secret === undefined) await client.create(resourceTypes.Secret, object);
      else await client.replace(resourceTypes.Secret, object);
    } catch (error) {
      // Another replica was first: its certificate is as good.
      if (!(error instanceof KubeError) || !["conflict", "exists"].includes(error.code))
        throw error;
    }
  }

  /** Makes the API server trust the authority, where it does not yet. */
  async #trust(authority: string): Promise<void> {
    const caBundle = Buffer.from(authority).toString("base64");
    for (const { type, view } of this.#configurations) {
      for (const configuration of view.objects.values())
        await this.#trustIn(type, configuration, caBundle);
    }
  }

  async #trustIn(
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
      await this.#options.client.mergePatch(type, { name }, patch);
    } catch (error) {
      // Another replica, or whoever wrote it anew, was first: the view tells of that.
      if (!(error instanceof KubeError) || error.code !== "conflict") throw error;
    }
  }
}

type ConfigurationType = (typeof resourceTypes)[
  | "MutatingWebhookConfiguration"
  | "ValidatingWebhookConfiguration"];

interface Configurations {
  readonly type: ConfigurationType;
  readonly view: View<WebhookConfiguration>;
}

interface WebhookConfiguration extends KubeObject {
  readonly webhooks?: readonly { readonly clientConfig: { readonly caBundle?: string } }[];
}

function isDue(certificate: string | undefined): boolean {
  return endOf(certificate ?? "") - Date.now() < renewMs;
}

function decoded(secret: Secret | undefined): Record<string, string> {
  const entries = Object.entries(secret?.data ?? {});
  return Object.fromEntries(
    entries.map(([key, value]) => [key, Buffer.from(value, "base64").toString("utf8")]),
  );
}

function encoded(data: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(data);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, Buffer.from(value).toString("base64")]),
  );
}
