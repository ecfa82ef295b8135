// @peculiar/x509 resolves its algorithms with decorators.
import "reflect-metadata";
import { createPrivateKey, X509Certificate as NodeCertificate, type webcrypto } from "node:crypto";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";

/** A certificate and its private key, both as PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** What a certificate is for. */
export interface CertificateSubject {
  /** RFC 4514: `CN=ipman`. */
  readonly name: string;
  /** How long it is good, in milliseconds. */
  readonly lifetimeMs: number;
  /** When it is made, in milliseconds since the epoch; it is good from a little before. */
  readonly now?: number | undefined;
}

/** Of one that is signed by an authority. */
export interface LeafSubject extends CertificateSubject {
  /** The DNS names and IP addresses that a server answers to; none makes it a client's. */
  readonly hosts: readonly string[];
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** Clocks differ by minutes: a certificate is good from a little before it was made. */
const clockSkewMs = 5 * 60_000;

/** Makes an authority of its own. */
export async function makeAuthority({
  name,
  lifetimeMs,
  now,
}: CertificateSubject): Promise<KeyPair> {
  const keys = await generateKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name,
    keys,
    ...validity(lifetimeMs, now),
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      // Authorities of one name are told apart by their keys.
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: certificate.toString("pem"), key: await pemOf(keys.privateKey) };
}

/** Makes a certificate that the authority signs. */
export async function makeLeaf(authority: KeyPair, subject: LeafSubject): Promise<KeyPair> {
  const { name, lifetimeMs, hosts, now } = subject;
  const keys = await generateKeys();
  const server = hosts.length > 0;
  const usage = server ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.2";
  const issuer = new X509Certificate(authority.certificate);
  const names = hosts.map((value) => ({ type: isAddress(value) ? "ip" : "dns", value }) as const);
  const certificate = await X509CertificateGenerator.create({
    subject: name,
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey: await importKey(authority.key),
    ...validity(lifetimeMs, now),
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([usage]),
      await AuthorityKeyIdentifierExtension.create(issuer),
      ...(server ? [new SubjectAlternativeNameExtension(names)] : []),
    ],
  });
  return { certificate: certificate.toString("pem"), key: await pemOf(keys.privateKey) };
}

/** When a PEM certificate ends, in milliseconds since the epoch; 0 where it is none. */
export function endOf(certificate: string): number {
  try {
    return new X509Certificate(certificate).notAfter.getTime();
  } catch {
    return 0;
  }
}

/** When a PEM certificate begins, in milliseconds since the epoch; undefined where it is none. */
export function beginOf(certificate: string): number | undefined {
  try {
    return new X509Certificate(certificate).notBefore.getTime();
  } catch {
    return undefined;
  }
}

/** Whether a key is the certificate's. */
export function isPair({ certificate, key }: KeyPair): boolean {
  try {
    return new NodeCertificate(certificate).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

/** Whether a certificate, as PEM, is good for a server's name by what that authority says. */
export function vouchesFor(authority: string, certificate: string, host: string): boolean {
  try {
    const leaf = new NodeCertificate(certificate);
    const { publicKey } = new NodeCertificate(authority);
    return leaf.checkHost(host) !== undefined && leaf.verify(publicKey);
  } catch {
    return false;
  }
}

function validity(lifetimeMs: number, now = Date.now()) {
  return { notBefore: new Date(now - clockSkewMs), notAfter: new Date(now + lifetimeMs) };
}

function isAddress(host: string): boolean {
  return host.includes(":") || /^[\d.]+$/.test(host);
}

function generateKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

type CryptoKeyPair = webcrypto.CryptoKeyPair;

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey("pkcs8", key));
  const object = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  return object.export({ format: "pem", type: "pkcs8" }) as string;
}

function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(pem).export({ format: "der", type: "pkcs8" });
  return crypto.subtle.importKey("pkcs8", Uint8Array.from(der), algorithm, false, ["sign"]);
}
