import { auditTime, concatMap, defer, interval, merge, NEVER, retry, timer } from "rxjs";
import {
  endOf,
  isPair,
  makeAuthority,
  makeLeaf,
  vouchesFor,
  type KeyPair,
} from "../../adapters/kubernetes/certificates.ts";
import type { KubeClient } from "../../adapters/kubernetes/kube-client.ts";
import { KubeError } from "../../adapters/kubernetes/kube-error.ts";
import { resourceTypes } from "../../adapters/kubernetes/resource-type.ts";
import { View } from "../../adapters/kubernetes/view.ts";
import type { KubeObject, OwnerReference } from "../../model/kube-object.ts";
import type { TrustedAuthority } from "./trusted-authority.ts";

export interface WebhookCertificatesOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  /** The Secret that all replicas share. */
  readonly secretName: string;
  /** The Service that the API server calls. */
  readonly serviceName: string;
  /** Undefined where somebody else (cert-manager) keeps Secret and configurations. */
  readonly trusted: TrustedAuthority | undefined;
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

/** The keys of the Secret, each a PEM. */
interface Kept {
  readonly "ca.crt": string;
  readonly "ca.key": string;
  /** The authority before this one: what it signed is shown until the last replica has seen. */
  readonly "previous-ca.crt": string;
  readonly "tls.crt": string;
  readonly "tls.key": string;
}

type Secret = KubeObject & {
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
};

/**
 * The webhooks' certificate: made once by whoever is first, kept in a Secret that every
 * replica watches, renewed before it ends, and its authority made known to the API server.
 */
export class WebhookCertificates implements Disposable {
  readonly #options: WebhookCertificatesOptions;
  readonly #secret: View<Secret>;
  readonly #subscription;
  #shown: string | undefined;

  constructor(options: WebhookCertificatesOptions) {
    this.#options = options;
    const { client, namespace, secretName: name, trusted, onTrouble } = options;
    const wanted = { type: resourceTypes.Secret, namespace, name };
    this.#secret = new View<Secret>(client, wanted, { onTrouble });
    const changes = merge(this.#secret.changes, trusted?.changes ?? NEVER);
    const again = (error: unknown) => {
      onTrouble(error);
      return timer(againMs);
    };
    this.#subscription = merge(changes.pipe(auditTime(gatherMs)), interval(lookMs))
      .pipe(concatMap(() => defer(() => this.#settle()).pipe(retry({ delay: again }))))
      .subscribe();
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    this.#secret[Symbol.dispose]();
  }

  async #settle(): Promise<void> {
    if (!this.#secret.synced) return;
    const [secret] = this.#secret.objects.values();
    const { trusted, onPair } = this.#options;
    const kept = keptIn(secret);
    // The view tells of what is written, to this replica like to the others.
    if (trusted !== undefined && this.#isDue(kept)) return this.#write(secret, kept);
    const pair = leafOf(kept);
    if (!isPair(pair)) return;
    // Trusted first, then shown: no call of the API server's fails meanwhile.
    await trusted?.be(`${kept["ca.crt"]}\n${kept["previous-ca.crt"]}`.trim());
    if (this.#shown !== pair.certificate) onPair(pair);
    this.#shown = pair.certificate;
  }

  #isDue(kept: Kept): boolean {
    const leaf = leafOf(kept);
    if (!isGood(authorityOf(kept)) || !isGood(leaf)) return true;
    return !vouchesFor(kept["ca.crt"], leaf.certificate, this.#hosts[0]);
  }

  /** What the API server, and people, may call the Service. */
  get #hosts(): [string, ...string[]] {
    const { serviceName, namespace } = this.#options;
    const host = `${serviceName}.${namespace}`;
    return [`${host}.svc`, host, `${host}.svc.cluster.local`, serviceName];
  }

  async #write(secret: Secret | undefined, before: Kept): Promise<void> {
    const { client, namespace, secretName: name, owner } = this.#options;
    const owned = owner === undefined ? {} : { ownerReferences: [owner] };
    const object: Secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: secret?.metadata ?? { name, namespace, ...owned },
      // It cannot change, and cert-manager's Secrets have another.
      type: secret?.type ?? "Opaque",
      data: encoded(await this.#renewed(before)),
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

  async #renewed(before: Kept): Promise<Kept> {
    const known = authorityOf(before);
    const isNew = !isGood(known);
    const authority = isNew
      ? await makeAuthority({ name: "CN=ipman webhooks", lifetimeMs: authorityMs })
      : known;
    const hosts = this.#hosts;
    const name = `CN=${hosts[0]}`;
    const leaf = await makeLeaf(authority, { name, hosts, lifetimeMs: leafMs });
    const previous = isNew ? known.certificate : before["previous-ca.crt"];
    return {
      "ca.crt": authority.certificate,
      "ca.key": authority.key,
      "previous-ca.crt": endOf(previous) > Date.now() ? previous : "",
      "tls.crt": leaf.certificate,
      "tls.key": leaf.key,
    };
  }
}

function authorityOf(kept: Kept): KeyPair {
  return { certificate: kept["ca.crt"], key: kept["ca.key"] };
}

function leafOf(kept: Kept): KeyPair {
  return { certificate: kept["tls.crt"], key: kept["tls.key"] };
}

/** For a while yet. */
function isGood(pair: KeyPair): boolean {
  return isPair(pair) && endOf(pair.certificate) - Date.now() >= renewMs;
}

function keptIn(secret: Secret | undefined): Kept {
  const { data = {} } = secret ?? {};
  const read = (key: string) => Buffer.from(data[key] ?? "", "base64").toString("utf8");
  return {
    "ca.crt": read("ca.crt"),
    "ca.key": read("ca.key"),
    "previous-ca.crt": read("previous-ca.crt"),
    "tls.crt": read("tls.crt"),
    "tls.key": read("tls.key"),
  };
}

function encoded(kept: Kept): Record<string, string> {
  const entries = Object.entries(kept) as [string, string][];
  return Object.fromEntries(
    entries.map(([key, value]) => [key, Buffer.from(value).toString("base64")]),
  );
}
