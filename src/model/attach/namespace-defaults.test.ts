import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { KubeObject } from "../kubernetes/kube-object.ts";
import { annotation, label } from "../kubernetes/labels.ts";
import {
  isExempt,
  namespaceDefaults,
  requestedByDefaults,
  requestedByItself,
  trimmedNamespace,
} from "./namespace-defaults.ts";
import type { NewPod } from "./pod-injection.ts";

const three = {
  [annotation.connection]: "partner",
  [annotation.child]: "net",
  [annotation.pool]: "primary",
};

type Texts = Readonly<Record<string, string>>;

function namespaceOf(annotations: Texts, labels: Texts = {}): KubeObject {
  const metadata = { name: "shop", labels: { [label.defaults]: "true", ...labels }, annotations };
  return { apiVersion: "v1", kind: "Namespace", metadata };
}

/** The problems of a Namespace, one a line. */
function problemsOf(annotations: Texts, labels?: Texts): string {
  const read = namespaceDefaults(namespaceOf(annotations, labels));
  return read.ok ? "" : read.problems.map(({ path, message }) => `${path} ${message}`).join("\n");
}

function podOf(annotations: Texts, labels: Texts = {}, spec: Partial<NewPod["spec"]> = {}): NewPod {
  return { metadata: { name: "web", annotations, labels }, spec: { containers: [], ...spec } };
}

describe("the defaults of a namespace", () => {
  it("are its three annotations, and no others", () => {
    const other = { "example.org/team": "shop", [annotation.vxlanIp]: "10.0.2.3/24" };
    const trimmed = trimmedNamespace(namespaceOf({ ...three, ...other }, { team: "shop" }));
    assert.deepEqual(trimmed.metadata.labels, { [label.defaults]: "true" });
    assert.deepEqual(trimmed.metadata.annotations, three);
    assert.deepEqual(namespaceDefaults(trimmed), { ok: true, value: three });
  });

  it("name every missing or too long value", () => {
    assert.match(problemsOf({}), /ipmanName is missing.*\n.*childName is missing.*\n.*poolName is/);
    assert.match(problemsOf({ ...three, [annotation.pool]: "" }), /^\S+poolName is missing/);
    const long = { ...three, [annotation.child]: "x".repeat(254) };
    assert.match(problemsOf(long), /^\S+childName has more than 253 characters, the most of/);
    const lines = { ...three, [annotation.child]: "net\nadministrator: run this" };
    assert.match(
      problemsOf(lines),
      /^\S+childName is "net\\nadm.*a name has no control characters$/,
    );
  });

  it("are kept in memory without long values", () => {
    const long = "x".repeat(200_000);
    const keys = Object.values(annotation).map((key) => [key, long] as const);
    const trimmed = trimmedNamespace(namespaceOf(Object.fromEntries(keys), { team: long }));
    assert.ok(JSON.stringify(trimmed).length < 2_000);
    assert.match(namespaceDefaults(trimmed).ok ? "" : "refused", /refused/);
  });

  it("refuse annotations that concern single pods", () => {
    for (const key of [annotation.attachments, annotation.address, annotation.keepAddress]) {
      const trimmed = trimmedNamespace(namespaceOf({ ...three, [key]: "x" }));
      const read = namespaceDefaults(trimmed);
      assert.ok(!read.ok);
      const message = "is for pods; remove it from the Namespace";
      assert.deepEqual(read.problems, [{ path: key, message }]);
    }
  });

  it("name a remedy if Pod Security Admission would refuse the init container", () => {
    const enforce = "pod-security.kubernetes.io/enforce";
    for (const level of ["baseline", "restricted", "mistyped"]) {
      const labelled = trimmedNamespace(namespaceOf(three, { [enforce]: level }));
      const read = namespaceDefaults(labelled);
      assert.ok(!read.ok);
      assert.equal(read.problems[0]?.path, enforce);
      assert.match(read.problems[0].message, /NET_ADMIN; use a Service of ipman/);
    }
    assert.equal(problemsOf(three, { [enforce]: "privileged" }), "");
  });

  it("are read or refused by name, whatever the values are", () => {
    const text = fc.oneof(fc.string({ unit: "binary", maxLength: 300 }), fc.constant("partner"));
    const annotations = fc.dictionary(fc.constantFrom(...Object.values(annotation)), text);
    fc.assert(
      fc.property(annotations, text, (given, level) => {
        const labels = { "pod-security.kubernetes.io/enforce": level };
        const read = namespaceDefaults(trimmedNamespace(namespaceOf(given, labels)));
        if (read.ok) {
          assert.deepEqual(Object.keys(read.value).toSorted(), Object.keys(three).toSorted());
          return;
        }
        for (const { path, message } of read.problems) {
          assert.ok(message !== "" && message.length < 400, message);
          assert.ok(path in labels || Object.values<string>(annotation).includes(path), path);
        }
      }),
    );
  });
});

describe("a pod of a namespace with defaults", () => {
  it("is left alone if it opts out, requests for itself, or cannot be behind a tunnel", () => {
    assert.equal(isExempt(podOf({})), false);
    assert.equal(isExempt({ metadata: {}, spec: { containers: [] } }), false);
    assert.equal(isExempt(podOf({ "example.org/team": "shop" })), false);
    assert.equal(isExempt(podOf({ [annotation.defaults]: "false" })), true);
    assert.equal(isExempt(podOf({ [annotation.child]: "other" })), true);
    assert.equal(isExempt(podOf({ [annotation.attachments]: "[]" })), true);
    assert.equal(isExempt(podOf({}, { [label.worker]: "net" })), true);
    assert.equal(isExempt(podOf({ "kubernetes.io/config.mirror": "x" })), true);
    assert.equal(isExempt(podOf({}, {}, { hostNetwork: true })), true);
    assert.equal(isExempt(podOf({}, {}, { hostNetwork: false })), false);
  });

  it("is annotated like its namespace, each time that the API server asks", () => {
    const first = requestedByDefaults(podOf({ "example.org/team": "shop" }), three);
    assert.deepEqual(first.metadata.annotations, {
      "example.org/team": "shop",
      ...three,
      [annotation.requestedBy]: "Namespace",
    });
    assert.equal(isExempt(first), false);
    assert.deepEqual(requestedByDefaults(first, three), first);
  });

  it("that requests for itself cannot claim that its namespace does", () => {
    const pod = podOf({ ...three, [annotation.requestedBy]: "Namespace" });
    const own = requestedByItself(pod);
    assert.ok(own.ok);
    assert.deepEqual(own.value.metadata.annotations, three);
    const plain = podOf(three);
    assert.deepEqual(requestedByItself(plain), { ok: true, value: plain });
  });

  it("is refused with a misspelt choice", () => {
    for (const choice of ["no", "False", "true", ""]) {
      const own = requestedByItself(podOf({ ...three, [annotation.defaults]: choice }));
      assert.ok(!own.ok);
      assert.match(own.problems[0]?.message ?? "", /the only value is "false"/);
    }
    assert.ok(requestedByItself(podOf({ ...three, [annotation.defaults]: "false" })).ok);
  });
});
