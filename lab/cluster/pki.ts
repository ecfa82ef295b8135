import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import {
  makeAuthority,
  makeLeaf,
  type KeyPair,
} from "../../src/adapters/kubernetes/admission/certificates.ts";

const dayMs = 24 * 3_600_000;
const lifetimeMs = 365 * dayMs;
/** The certificates are backdated, so that a node whose clock is days behind accepts them. */
const ageMs = 60 * dayMs;

/** The certificates of a lab cluster, in a folder. */
export class Pki {
  readonly folder: string;
  readonly #authority: KeyPair;

  private constructor(folder: string, authority: KeyPair) {
    this.folder = folder;
    this.#authority = authority;
  }

  static async make(folder: string): Promise<Pki> {
    mkdirSync(folder, { recursive: true });
    const authority = await makeAuthority({ name: "CN=lab", lifetimeMs, now: Date.now() - ageMs });
    writeFileSync(join(folder, "ca.crt"), authority.certificate);
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    writeFileSync(
      join(folder, "accounts.key"),
      privateKey.export({ type: "pkcs8", format: "pem" }),
    );
    writeFileSync(join(folder, "accounts.pub"), publicKey.export({ type: "spki", format: "pem" }));
    return new Pki(folder, authority);
  }

  /** Writes a server's pair as NAME.crt and NAME.key. */
  async server(name: string, hosts: readonly string[]): Promise<void> {
    this.#write(name, await this.#leaf(`CN=${name}`, hosts));
  }

  /** Writes a client's pair and a kubeconfig with it; returns the kubeconfig's path. */
  async client(name: string, subject: string, server: string): Promise<string> {
    const pair = await this.#leaf(subject, []);
    this.#write(name, pair);
    return this.#kubeconfig(name, server, {
      "client-certificate-data": base64(pair.certificate),
      "client-key-data": base64(pair.key),
    });
  }

  /** Writes a kubeconfig with a token; returns its path. */
  token(name: string, token: string, server: string): string {
    return this.#kubeconfig(name, server, { token });
  }

  #kubeconfig(name: string, server: string, user: object): string {
    const path = join(this.folder, `${name}.kubeconfig`);
    const cluster = { server, "certificate-authority-data": base64(this.#authority.certificate) };
    const config = {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "lab", cluster }],
      users: [{ name, user }],
      contexts: [{ name: "lab", context: { cluster: "lab", user: name } }],
      "current-context": "lab",
    };
    writeFileSync(path, stringify(config), { mode: 0o600 });
    return path;
  }

  #leaf(name: string, hosts: readonly string[]): Promise<KeyPair> {
    return makeLeaf(this.#authority, { name, hosts, lifetimeMs, now: Date.now() - ageMs });
  }

  #write(name: string, { certificate, key }: KeyPair): void {
    writeFileSync(join(this.folder, `${name}.crt`), certificate);
    writeFileSync(join(this.folder, `${name}.key`), key, { mode: 0o600 });
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
