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
  /** Undefined where somebody else (cert-manager) keeps Secret and configurations. */
  readonly trusted: WebhookConfigurations | undefined;
  readonly onPair: (pair: KeyPair) => void;
  /** Called with the reason before a certificate that is there is replaced. */
  readonly onReplace: (reason: string) => void;
}

const day = 24 * 3_600_000;
const authorityMs = 3_650 * day;
const leafMs = 365 * day;
/** Renewed when less than this is left. */
const renewMs = 30 * day;
/** Clocks are set at any time: a certificate that was good may not be valid yet. */
const lookMs = 60_000;
/** How often in an hour a replica replaces a certificate since a clock says so. */
const mostReplaced = 4;
const hourMs = 3_600_000;
/** The longest wait between attempts to write. */
const maxMs = 2_000;
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

/** What is wrong with what the Secret has. */
interface Flaw {
  readonly reason: string;
  /** Only a clock says so, and clocks may differ. */
  readonly byClock: boolean;
}

/**
 * The webhooks' certificate: made once by whoever is first, kept in a Secret that every
 * replica watches, renewed before it ends, and its authority made known to the API server.
 */
export class WebhookCertificates implements Disposable {
  readonly #options: WebhookCertificatesOptions;
  readonly #secret: SharedSecret;
  readonly #subscription;
  #shown: string | undefined;
  /** When a clock had this replica replace a certificate, by one that is never set. */
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
    this.#subscription = merge(changes.pipe(auditTime(gatherMs)), interval(lookMs))
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
    const kept = keptIn(secret);
    const now = this.#now;
    const flaw = trusted === undefined ? undefined : this.#flawOf(kept, now);
    // The store reports what is written, to this replica as to the others.
    if (flaw !== undefined && this.#mayReplace(flaw)) {
      if (secret !== undefined) this.#options.onReplace(flaw.reason);
      const isOurs = await this.#secret.write(secret, {
        data: encoded(await this.#renewed(kept, now)),
      });
      if (isOurs && flaw.byClock) this.#replaced = [...this.#replaced, performance.now()];
      return;
    }
    const pair = leafOf(kept);
    if (!isPair(pair)) return;
    // Trusted first, then shown: no call of the API server's fails meanwhile.
    await trusted?.trust(`${kept["ca.crt"]}\n${kept["previous-ca.crt"]}`.trim());
    if (this.#shown !== pair.certificate) onPair(pair);
    this.#shown = pair.certificate;
  }

  /** By the clock of the API server, which is who has to accept the certificate. */
  get #now(): number {
    return this.#options.client.serverNow ?? Date.now();
  }

  #flawOf(kept: Kept, now: number): Flaw | undefined {
    const leaf = leafOf(kept);
    const flaw = flawOf("authority", authorityOf(kept), now) ?? flawOf("certificate", leaf, now);
    if (flaw !== undefined) return flaw;
    const [host] = this.#hosts;
    if (vouchesFor(kept["ca.crt"], leaf.certificate, host)) return undefined;
    return { reason: `the authority does not vouch for ${host}`, byClock: false };
  }

  /** So that replicas do not replace each other's for ever where API servers' clocks differ. */
  #mayReplace({ reason, byClock }: Flaw): boolean {
    const now = performance.now();
    this.#replaced = this.#replaced.filter((at) => now - at < hourMs);
    const may = !byClock || this.#replaced.length < mostReplaced;
    const advice =
      "this replica has replaced it several times: check the clocks of the API servers";
    if (!may && !this.#reported) this.#options.onTrouble(new Error(`${reason}, and ${advice}`));
    this.#reported = !may;
    return may;
  }

  /** What the API server, and people, may call the Service. */
  get #hosts(): [string, ...string[]] {
    const { serviceName, namespace } = this.#options;
    const host = `${serviceName}.${namespace}`;
    return [`${host}.svc`, host, `${host}.svc.cluster.local`, serviceName];
  }

  async #renewed(before: Kept, now: number): Promise<Kept> {
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

function authorityOf(kept: Kept): KeyPair {
  return { certificate: kept["ca.crt"], key: kept["ca.key"] };
}

function leafOf(kept: Kept): KeyPair {
  return { certificate: kept["tls.crt"], key: kept["tls.key"] };
}

/** Why a pair cannot be used, or not for long. */
function flawOf(what: string, pair: KeyPair, now: number): Flaw | undefined {
  const begin = beginOf(pair.certificate);
  if (begin === undefined || !isPair(pair))
    return { reason: `the ${what} is missing, or its key is another's`, byClock: false };
  if (begin > now)
    return { reason: `the ${what} is not valid before ${written(begin)}`, byClock: true };
  const end = endOf(pair.certificate);
  if (end - now >= renewMs) return undefined;
  return { reason: `the ${what} ends at ${written(end)}`, byClock: true };
}

function written(time: number): string {
  return new Date(time).toISOString();
}

function keptIn(secret: StoredSecret | undefined): Kept {
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
