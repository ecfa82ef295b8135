import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { describe, it } from "node:test";
import {
  makeAuthority,
  makeLeaf,
  type KeyPair,
} from "../../src/adapters/kubernetes/admission/certificates.ts";
import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import { WebhookConfigurations } from "../../src/runtime/operator/webhooks/webhook-configurations.ts";
import { WebhookCertificates } from "../../src/runtime/operator/webhooks/webhook-certificates.ts";
import { eventually } from "../../lab/sites/shell.ts";
import { KubeApi } from "../simulator/kube-api.ts";

const hour = 3_600_000;
const day = 24 * hour;
const namespace = "ipman-system";
const names = { mutating: "ipman-m", validating: "ipman-v" };
const host = `webhook.${namespace}.svc`;
const { Secret, MutatingWebhookConfiguration, ValidatingWebhookConfiguration } = resourceTypes;

/** An API server with both configurations, and replicas of the operator. */
class World implements Disposable {
  readonly api = new KubeApi(() => 1);
  readonly troubles: unknown[] = [];
  /** The reasons for which certificates were replaced. */
  readonly replaced: string[] = [];
  readonly #parts = new DisposableStack();

  constructor() {
    this.configure();
  }

  /** The configurations as Helm writes them: without an authority. */
  configure(): void {
    const apiVersion = "admissionregistration.k8s.io/v1";
    const webhooks = ["pods", "groups"].map((endpoint) => ({
      name: `${endpoint}.ipman.dialo.ai`,
      clientConfig: { service: { name: "webhook" } },
    }));
    for (const [type, name] of [
      [MutatingWebhookConfiguration, names.mutating],
      [ValidatingWebhookConfiguration, names.validating],
    ] as const)
      this.api.put(type, {
        apiVersion,
        kind: type.kind,
        metadata: { name },
        webhooks,
      } as KubeObject);
  }

  /** Starts a replica and returns the pairs that it presents, as they arrive. */
  replica(managed = true, serverNow?: () => number): KeyPair[] {
    const known = this.api.client();
    const client =
      serverNow === undefined
        ? known
        : (Object.create(known, { serverNow: { get: serverNow } }) as typeof known);
    const onTrouble = (error: unknown) => void this.troubles.push(error);
    const trusted = managed
      ? this.#parts.use(new WebhookConfigurations(client, names, onTrouble))
      : undefined;
    const shown: KeyPair[] = [];
    const options = { client, namespace, secretName: "tls", serviceName: "webhook", trusted };
    const onPair = (pair: KeyPair) => {
      if (managed) this.assertTrusts(pair);
      shown.push(pair);
    };
    const onReplace = (reason: string) => void this.replaced.push(reason);
    this.#parts.use(
      new WebhookCertificates({ ...options, owner: undefined, onPair, onReplace, onTrouble }),
    );
    return shown;
  }

  /** The CA bundle of every webhook, as its configuration has it. */
  get bundles(): string[] {
    const types = [MutatingWebhookConfiguration, ValidatingWebhookConfiguration];
    return types.flatMap((type) =>
      this.api.all(type).flatMap((object) => {
        const { webhooks } = object as unknown as {
          webhooks: { clientConfig: { caBundle?: string } }[];
        };
        return webhooks.map(({ clientConfig: { caBundle = "" } }) =>
          Buffer.from(caBundle, "base64").toString("utf8"),
        );
      }),
    );
  }

  assertTrusts({ certificate }: KeyPair): void {
    const leaf = new X509Certificate(certificate);
    assert.equal(leaf.checkHost(host), host);
    for (const bundle of this.bundles) {
      const authorities = bundle.split(/^(?=-----BEGIN)/m);
      const vouches = authorities.some((pem) => leaf.verify(new X509Certificate(pem).publicKey));
      assert.ok(vouches, "the API server would not trust it");
    }
  }

  secret(data: Readonly<Record<string, string>>, type = "Opaque"): void {
    const entries = Object.entries(data);
    const encoded = entries.map(([key, value]) => [key, Buffer.from(value).toString("base64")]);
    const metadata = { name: "tls", namespace };
    const object = {
      apiVersion: "v1",
      kind: "Secret",
      metadata,
      type,
      data: Object.fromEntries(encoded),
    };
    this.api.put(Secret, object as KubeObject);
  }

  [Symbol.dispose](): void {
    this.#parts.dispose();
  }
}

/** @param ahead how far the clocks were ahead that dated the certificates, in milliseconds */
async function pairs(
  authorityDays: number,
  leafDays: number,
  { hosts = [host], ahead = { authority: 0, leaf: 0 } } = {},
) {
  const made = (clock: "authority" | "leaf", days: number) => ({
    name: "CN=old",
    lifetimeMs: days * day,
    now: Date.now() + ahead[clock],
  });
  const authority = await makeAuthority(made("authority", authorityDays));
  const leaf = await makeLeaf(authority, { ...made("leaf", leafDays), hosts });
  return {
    "ca.crt": authority.certificate,
    "ca.key": authority.key,
    "tls.crt": leaf.certificate,
    "tls.key": leaf.key,
  };
}

const digest = (text: string | undefined) =>
  createHash("sha256")
    .update(text ?? "")
    .digest("hex");
const shows = (shown: readonly KeyPair[], count: number) =>
  eventually(() => assert.equal(shown.length, count), 10_000, 10);

describe("the webhooks' certificate", () => {
  it("is created once, by any replica, and trusted before it is presented", async () => {
    using world = new World();
    const replicas = [world.replica(), world.replica(), world.replica()];
    for (const shown of replicas) await shows(shown, 1);
    assert.equal(new Set(replicas.map(([pair]) => pair?.certificate)).size, 1);
    assert.deepEqual(world.troubles, []);
  });

  it("is trusted again after another program wrote a configuration", async () => {
    using world = new World();
    const shown = world.replica();
    await shows(shown, 1);
    world.configure();
    assert.deepEqual(world.bundles, ["", "", "", ""]);
    await eventually(() => world.assertTrusts(shown[0] as KeyPair), 10_000, 10);
    assert.equal(shown.length, 1);
  });

  it("is renewed a month before it expires, by the same authority", async () => {
    using world = new World();
    const old = await pairs(400, 29);
    world.secret(old);
    const shown = world.replica();
    await shows(shown, 1);
    assert.notEqual(digest(shown[0]?.certificate), digest(old["tls.crt"]));
    assert.deepEqual([...new Set(world.bundles)], [old["ca.crt"].trim()]);
  });

  it("is not replaced while it is valid", async () => {
    using world = new World();
    const good = await pairs(400, 31);
    world.secret(good);
    const shown = world.replica();
    await shows(shown, 1);
    assert.equal(shown[0]?.certificate, good["tls.crt"]);
    assert.deepEqual(
      world.api.written.filter((what) => what.startsWith("Secret")),
      [],
    );
  });

  it("gets another authority before its own expires, and both are trusted meanwhile", async () => {
    using world = new World();
    const old = await pairs(29, 400);
    const before = { certificate: old["tls.crt"], key: old["tls.key"] };
    world.secret(old);
    const shown = world.replica();
    await shows(shown, 1);
    assert.notEqual(shown[0]?.certificate, old["tls.crt"]);
    // Another replica still presents this certificate.
    world.assertTrusts(before);
  });

  for (const [what, change] of [
    ["is for another Service", { hosts: ["other.svc"] }],
    ["has no private key", { swap: "tls.key" }],
    ["has no key of its authority", { swap: "ca.key" }],
  ] as const) {
    it(`is created again if it ${what}`, async () => {
      using world = new World();
      const bad = await pairs(400, 400, "hosts" in change ? { hosts: [...change.hosts] } : {});
      world.secret("swap" in change ? { ...bad, [change.swap]: "" } : bad);
      const shown = world.replica();
      await shows(shown, 1);
      assert.notEqual(shown[0]?.certificate, bad["tls.crt"]);
    });
  }

  for (const [what, ahead, keepsAuthority] of [
    ["it and its authority are", { authority: 6 * hour, leaf: 6 * hour }, false],
    ["it is", { authority: 0, leaf: 6 * hour }, true],
    ["only its authority is", { authority: 6 * hour, leaf: 0 }, false],
  ] as const) {
    it(`is replaced if ${what} not valid yet`, async () => {
      using world = new World();
      const old = await pairs(400, 400, { ahead });
      world.secret(old);
      const shown = world.replica();
      await shows(shown, 1);
      assert.notEqual(shown[0]?.certificate, old["tls.crt"]);
      const known = world.bundles[0]?.startsWith(old["ca.crt"].trim());
      assert.equal(known, keepsAuthority);
      assert.match(world.replaced.join(), /^the (authority|certificate) is not valid before 2/);
      const { validFrom } = new X509Certificate(shown[0]?.certificate ?? "");
      assert.ok(
        Date.parse(validFrom) <= Date.now() - 4 * 60_000,
        "it tolerates clocks that differ by minutes",
      );
    });
  }

  it("is dated by the API server's clock regardless of the replica's clock, and is kept", async (test) => {
    using world = new World();
    const right = Date.now();
    world.api.now = () => right;
    for (const wrong of [-400 * day, 6 * hour]) {
      test.mock.timers.enable({ apis: ["Date"], now: right + wrong });
      const shown = world.replica();
      await shows(shown, 1);
      const { validFrom, validTo } = new X509Certificate(shown[0]?.certificate ?? "");
      assert.ok(Date.parse(validFrom) <= right && Date.parse(validTo) > right + 300 * day);
      test.mock.timers.reset();
    }
    assert.deepEqual(world.replaced, []);
    assert.equal(world.api.written.filter((what) => what.startsWith("Secret")).length, 1);
  });

  it("is replaced only a few times by replicas whose API servers' clocks differ", async () => {
    using world = new World();
    const replicas = [
      world.replica(true, () => Date.now()),
      world.replica(true, () => Date.now() - 400 * day),
    ];
    await eventually(() => assert.equal(world.troubles.length, 1), 10_000, 10);
    const [trouble] = world.troubles as Error[];
    // The certificate is too new for one replica and too old for the other.
    assert.match(
      String(trouble),
      /(not valid before|expires at) .*several times: check the clocks/,
    );
    for (const shown of replicas) await eventually(() => assert.ok(shown.length > 0), 10_000, 10);
    assert.ok(world.replaced.length <= 9, `${world.replaced.length} times`);
    const written = world.api.written.filter((what) => what.startsWith("Secret"));
    assert.ok(written.length <= 10, `${written.length} times`);
  });

  it("replaces the certificate that cert-manager wrote into the Secret, whose type cannot change", async () => {
    using world = new World();
    // A self-signed certificate without the key of an authority, as the Go operator's chart requests.
    const { "ca.key": _, ...written } = await pairs(400, 400);
    world.secret(written, "kubernetes.io/tls");
    const shown = world.replica();
    await shows(shown, 1);
    assert.notEqual(shown[0]?.certificate, written["tls.crt"]);
    assert.deepEqual(
      world.api.all(Secret).map((secret) => (secret as { type?: string }).type),
      ["kubernetes.io/tls"],
    );
    assert.deepEqual(world.troubles, []);
  });

  it("is presented as it is stored, and not replaced, if cert-manager manages it", async () => {
    using world = new World();
    const shown = world.replica(false);
    const first = await pairs(400, 1);
    world.secret(first);
    await shows(shown, 1);
    const second = await pairs(400, 1);
    world.secret(second);
    await shows(shown, 2);
    assert.deepEqual(
      shown.map(({ certificate }) => certificate),
      [first["tls.crt"], second["tls.crt"]],
    );
    assert.deepEqual(world.bundles, ["", "", "", ""]);
    assert.deepEqual(world.api.written, []);
  });
});
