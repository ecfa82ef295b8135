import { auditTime, concatMap, defer, interval, merge, NEVER } from "rxjs";
import {
  beginOf,
  endOf,
  isPair,
  makeAuthority,
  makeLeaf,
  vouchesFor,
  type KeyPair,
} from "../../../adapters/kubernetes/admission/certificates.ts";
import {
  SharedSecret,
  type SharedSecretOptions,
  type StoredSecret,
} from "../../../adapters/kubernetes/shared-secret.ts";
import { retryWithBackoff } from "../../../adapters/time/retry-with-backoff.ts";
import type { WebhookConfigurations } from "./webhook-configurations.ts";

export interface WebhookCertificatesOptions extends SharedSecretOptions {
  /** The Service that the API server calls. */
  readonly serviceName: string;
  /** Undefined if cert-manager manages the Secret and the configurations. */
  readonly trusted: WebhookConfigurations | undefined;
  readonly onPair: (pair: KeyPair) => void;
  /** Called with the reason before an existing certificate is replaced. */
  readonly onReplace: (reason: string) => void;
}

const day = 24 * 3_600_000;
const authorityMs = 3_650 * day;
const leafMs = 365 * day;
/** A certificate is renewed when less than this is left of its lifetime. */
const renewMs = 30 * day;
/** A clock may be set at any time: a certificate that was valid may not be valid yet. */
const checkMs = 60_000;
/** How often in an hour a replica may replace a certificate because of a clock. */
const maxReplaced = 4;
const hourMs = 3_600_000;
const maxMs = 2_000;
const gatherMs = 50;

/** The keys of the Secret, each a PEM. */
interface CertificateData {
  readonly "ca.crt": string;
  readonly "ca.key": string;
  /** The previous authority: replicas present its certificates until they see the new one. */
  readonly "previous-ca.crt": string;
  readonly "tls.crt": string;
  readonly "tls.key": string;
}

/** Why the certificates in the Secret have to be replaced. */
interface Flaw {
  readonly reason: string;
  /** Whether this follows from a clock: clocks may differ. */
  readonly byClock: boolean;
}

/**
 * The webhooks' certificate. The first replica creates it, in a Secret that every replica watches;
 * it is renewed before it expires, and the API server is given its authority.
 */
export class WebhookCertificates implements Disposable {
  readonly #options: WebhookCertificatesOptions;
  readonly #secret: SharedSecret;
  readonly #subscription;
  #shown: string | undefined;
  /** When this replica replaced a certificate because of a clock, by the monotonic clock. */
  #replaced: readonly number[] = [];
  #reported = false;

  constructor(options: WebhookCertificatesOptions) {
    this.#options = options;
    const { trusted, onTrouble } = options;
    this.#secret = new SharedSecret(options);
    const changes = merge(this.#secret.changes, trusted?.changes ?? NEVER);
    const settle = defer(() => this.#settle()).pipe(
      retryWithBackoff({ onError: onTrouble, maxMs }),
    );
    this.#subscription = merge(changes.pipe(auditTime(gatherMs)), interval(checkMs))
      .pipe(concatMap(() => settle))
      .subscribe();
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    this.#secret[Symbol.dispose]();
  }

  async #settle(): Promise<void> {
    if (!this.#secret.synced) return;
    const secret = this.#secret.current;
    const { trusted, onPair } = this.#options;
    const data = dataIn(secret);
    const now = this.#now;
    const flaw = trusted === undefined ? undefined : this.#flawOf(data, now);
    // The view reports what is written, to this replica as to the others.
    if (flaw !== undefined && this.#mayReplace(flaw)) {
      if (secret !== undefined) this.#options.onReplace(flaw.reason);
      const isWritten = await this.#secret.write(secret, {
        data: encoded(await this.#renewed(data, now)),
      });
      if (isWritten && flaw.byClock) this.#replaced = [...this.#replaced, performance.now()];
      return;
    }
    const pair = leafOf(data);
    if (!isPair(pair)) return;
    // First trusted, then presented: no call of the API server fails meanwhile.
    await trusted?.trust(`${data["ca.crt"]}\n${data["previous-ca.crt"]}`.trim());
    if (this.#shown !== pair.certificate) onPair(pair);
    this.#shown = pair.certificate;
  }

  /** The API server's time: the API server has to accept the certificate. */
  get #now(): number {
    return this.#options.client.serverNow ?? Date.now();
  }

  #flawOf(data: CertificateData, now: number): Flaw | undefined {
    const leaf = leafOf(data);
    const flaw = flawOf("authority", authorityOf(data), now) ?? flawOf("certificate", leaf, now);
    if (flaw !== undefined) return flaw;
    const [host] = this.#hosts;
    if (vouchesFor(data["ca.crt"], leaf.certificate, host)) return undefined;
    return { reason: `the authority does not vouch for ${host}`, byClock: false };
  }

  /** Bounds the replacements if the clocks of API servers differ and replicas disagree. */
  #mayReplace({ reason, byClock }: Flaw): boolean {
    const now = performance.now();
    this.#replaced = this.#replaced.filter((at) => now - at < hourMs);
    const may = !byClock || this.#replaced.length < maxReplaced;
    const advice =
      "this replica has replaced it several times: check the clocks of the API servers";
    if (!may && !this.#reported) this.#options.onTrouble(new Error(`${reason}, and ${advice}`));
    this.#reported = !may;
    return may;
  }

  /** The names by which the API server and people may reach the Service. */
  get #hosts(): [string, ...string[]] {
    const { serviceName, namespace } = this.#options;
    const host = `${serviceName}.${namespace}`;
    return [`${host}.svc`, host, `${host}.svc.cluster.local`, serviceName];
  }

  async #renewed(before: CertificateData, now: number): Promise<CertificateData> {
    const known = authorityOf(before);
    const isNew = flawOf("authority", known, now) !== undefined;
    const authority = isNew
      ? await makeAuthority({ name: "CN=ipman webhooks", lifetimeMs: authorityMs, now })
      : known;
    const hosts = this.#hosts;
    const name = `CN=${hosts[0]}`;
    const leaf = await makeLeaf(authority, { name, hosts, lifetimeMs: leafMs, now });
    const previous = isNew ? known.certificate : before["previous-ca.crt"];
    return {
      "ca.crt": authority.certificate,
      "ca.key": authority.key,
      "previous-ca.crt": endOf(previous) > now ? previous : "",
      "tls.crt": leaf.certificate,
      "tls.key": leaf.key,
    };
  }
}

function authorityOf(data: CertificateData): KeyPair {
  return { certificate: data["ca.crt"], key: data["ca.key"] };
}

function leafOf(data: CertificateData): KeyPair {
  return { certificate: data["tls.crt"], key: data["tls.key"] };
}

/** Why a pair is unusable or about to expire; undefined if it is neither. */
function flawOf(what: string, pair: KeyPair, now: number): Flaw | undefined {
  const begin = beginOf(pair.certificate);
  if (begin === undefined || !isPair(pair))
    return { reason: `the ${what} is missing, or its key is another's`, byClock: false };
  if (begin > now)
    return { reason: `the ${what} is not valid before ${formatTime(begin)}`, byClock: true };
  const end = endOf(pair.certificate);
  if (end - now >= renewMs) return undefined;
  return { reason: `the ${what} expires at ${formatTime(end)}`, byClock: true };
}

function formatTime(time: number): string {
  return new Date(time).toISOString();
}

function dataIn(secret: StoredSecret | undefined): CertificateData {
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

function encoded(data: CertificateData): Record<string, string> {
  const entries = Object.entries(data) as [string, string][];
  return Object.fromEntries(
    entries.map(([key, value]) => [key, Buffer.from(value).toString("base64")]),
  );
}
