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

/** The subject and the validity of a certificate. */
export interface CertificateSubject {
  /** RFC 4514: `CN=ipman`. */
  readonly name: string;
  /** How long the certificate is valid, in milliseconds. */
  readonly lifetimeMs: number;
  /** The time of creation, in milliseconds since the epoch; the certificate is valid a little earlier. */
  readonly now?: number | undefined;
}

/** The subject of a certificate that an authority signs. */
export interface LeafSubject extends CertificateSubject {
  /** The DNS names and IP addresses of a server; empty for a client's certificate. */
  readonly hosts: readonly string[];
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** Clocks may differ by minutes: a certificate is valid from this long before its creation. */
const clockSkewMs = 5 * 60_000;

/** Creates a self-signed authority. */
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
      // Authorities with the same name are distinguished by their keys.
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: certificate.toString("pem"), key: await pemOf(keys.privateKey) };
}

/** Creates a certificate that the authority signs. */
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

/** When a PEM certificate ends, in milliseconds since the epoch; 0 if it is malformed. */
export function endOf(certificate: string): number {
  try {
    return new X509Certificate(certificate).notAfter.getTime();
  } catch {
    return 0;
  }
}

/** When a PEM certificate begins, in milliseconds since the epoch; undefined if it is malformed. */
export function beginOf(certificate: string): number | undefined {
  try {
    return new X509Certificate(certificate).notBefore.getTime();
  } catch {
    return undefined;
  }
}

/** Whether the key belongs to the certificate. */
export function isPair({ certificate, key }: KeyPair): boolean {
  try {
    return new NodeCertificate(certificate).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

/** Whether a PEM certificate is the authority's and valid for the name of a server. */
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
