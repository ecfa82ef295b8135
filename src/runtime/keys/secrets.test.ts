import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Secret } from "../../model/api/schema/secret.ts";
import { Secrets } from "./secrets.ts";

const secret = (value: string) =>
  ({
    metadata: { name: "keys", namespace: "default" },
    stringData: { a: value, b: "other" },
  }) as unknown as Secret;
/** The connection `id` as the user of that key. */
const ref = (key: string, id = "c") => ({
  id,
  secretRef: { name: "keys", namespace: "default", key },
});

describe("the revision of a secret", () => {
  it("changes only with its value, and does not reveal it", () => {
    const secrets = new Secrets();
    const seen = ["one", "one", "two"].map((value) => {
      secrets.replace([secret(value)]);
      return [secrets.revision(ref("a")), secrets.revision(ref("b"))];
    });
    assert.deepEqual(seen[0], seen[1]);
    assert.notEqual(seen[1]?.[0], seen[2]?.[0]);
    assert.equal(seen[1]?.[1], seen[2]?.[1]);
    secrets.replace([]);
    assert.equal(secrets.revision(ref("a")), undefined);
    assert.equal(secrets.has(ref("a")), false);
    const elsewhere = new Secrets();
    elsewhere.replace([secret("two")]);
    assert.notEqual(elsewhere.revision(ref("a")), seen[2]?.[0], "it is salted");
  });

  it("is the same for equal keys, however they are written", () => {
    const secrets = new Secrets();
    secrets.replace([
      { ...secret(""), stringData: { a: "key\n", b: "0x6b6579", c: "0sa2V5", d: "keys" } },
    ]);
    const [a, ...others] = ["a", "b", "c", "d"].map((key) => secrets.revision(ref(key)));
    assert.deepEqual(
      others.map((other) => other === a),
      [true, true, false],
    );
  });
});

describe("the key in a secret", () => {
  it("has the bytes of the Secret, even if they are not text", () => {
    const secrets = new Secrets();
    const key = Buffer.from("9f1c00e4c3a7fe80d2b10a", "hex");
    secrets.replace([{ ...secret(""), data: { k: key.toString("base64") } }]);
    assert.deepEqual(Buffer.from(secrets.value(ref("k")) ?? []), key);
  });

  it("is rejected if it is badly encoded, with a failure that names Secret, key and remedy", () => {
    const secrets = new Secrets();
    secrets.replace([secret("0xplanted")]);
    assert.equal(secrets.has(ref("a")), false);
    assert.equal(secrets.value(ref("a")), undefined);
    const { reason, message, retryable } = secrets.failureOf(ref("a")) ?? {};
    assert.equal(reason, "SecretInvalid");
    assert.match(message ?? "", /the key "a" of the Secret default\/keys begins with 0x.*correct/);
    assert.doesNotMatch(message ?? "", /planted/);
    assert.equal(retryable, false);
    assert.equal(secrets.failureOf(ref("a")), secrets.failureOf(ref("a")), "one object");
    secrets.replace([secret("good")]);
    assert.equal(secrets.failureOf(ref("a")), undefined);
  });
});

describe("a Secret whose consent is required", () => {
  const annotated = (keyFor?: string, value = "one") => ({
    ...secret(value),
    metadata: {
      name: "keys",
      namespace: "default",
      creationTimestamp: "2026-01-01T00:00:00Z",
      ...(keyFor !== undefined && { annotations: { "ipman.dialo.ai/keyFor": keyFor } }),
    },
  });
  const required = (...secrets: Secret[]) => {
    const store = new Secrets({ requireConsent: true });
    store.replace(secrets);
    return store;
  };
  /** The facts that a connection gets about a key. */
  const shown = (store: Secrets, user = ref("a")) => [
    store.has(user),
    store.value(user),
    store.revision(user),
    store.changedAt(user),
    store.failureOf(user),
  ];

  it("has keys for the connections that it lists, and for no others", () => {
    const store = required(annotated("b, c"));
    assert.deepEqual(Buffer.from(store.value(ref("a")) ?? []), Buffer.from("one"));
    assert.equal(store.failureOf(ref("a")), undefined);
    assert.equal(store.value(ref("a", "d")), undefined);
    assert.equal(store.failureOf(ref("a", "d"))?.reason, "SecretNotPermitted");
    store.replace([annotated("*")]);
    assert.ok(store.has(ref("a", "d")));
    store.replace([annotated("d")]);
    assert.equal(store.has(ref("a")), false, "it was withdrawn");
  });

  it("causes the same failure if it refuses and if it does not exist, regardless of its contents", () => {
    const nothing = shown(required());
    assert.deepEqual(nothing.slice(0, 4), [false, undefined, undefined, undefined]);
    const { message, retryable } = nothing[4] as { message: string; retryable: boolean };
    assert.match(message, /^the Secret default\/keys .*ipman\.dialo\.ai\/keyFor has to list "c"/);
    assert.equal(retryable, false);
    for (const other of [annotated(), annotated("x"), annotated("x", "0xplanted")]) {
      assert.deepEqual(shown(required(other)), nothing);
      assert.deepEqual(shown(required(other), ref("none")), nothing, "whether the key exists");
    }
  });

  it("reports the problem of its key if it permits the use of the key", () => {
    const store = required(annotated("c", "0xplanted"));
    assert.equal(store.failureOf(ref("a"))?.reason, "SecretInvalid");
    assert.equal(store.failureOf(ref("none")), undefined, "the key alone is missing");
    assert.equal(store.has(ref("none")), false);
  });

  it("causes no failure while it cannot be read, so that charon keeps its key", () => {
    const store = required();
    store.replace([], new Map([["default/keys", "the API server is away"]]));
    assert.equal(store.failureOf(ref("a")), undefined);
    assert.equal(store.has(ref("a")), false);
    store.replace([annotated()], new Map([["default/keys", "no right any more"]]));
    assert.equal(store.failureOf(ref("a"))?.reason, "SecretNotPermitted");
  });

  it("causes the same failure object while nothing changes", () => {
    const store = required(annotated());
    const user = ref("a");
    const before = store.failureOf(user);
    store.replace([annotated("x")]);
    assert.equal(store.failureOf(user), before);
  });
});

describe("the time of a secret", () => {
  it("is that of its Secret, while the Secret exists", () => {
    const secrets = new Secrets();
    const { metadata, ...rest } = secret("one");
    const written = { ...metadata, creationTimestamp: "2026-01-01T00:00:00Z" };
    secrets.replace([{ ...rest, metadata: written }]);
    assert.equal(secrets.changedAt(ref("b")), Date.UTC(2026, 0, 1) / 1_000);
    secrets.replace([]);
    assert.equal(secrets.changedAt(ref("b")), undefined);
  });
});
