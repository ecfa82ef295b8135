import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { ValidationReport } from "../validate/check-manifests.ts";

const bin = join(import.meta.dirname, "../../../bin/ipman");

const connection = (changes: Readonly<Record<string, string>> = {}) => {
  const {
    name = "partner",
    key = "partner",
    local = "10.0.2.0/24",
    remote = "10.0.1.0/24",
  } = changes;
  return `apiVersion: ipman.dialo.ai/v1
kind: IPSecConnection
metadata: { name: ${name} }
spec:
  name: ${name}
  remoteAddr: ${changes["peer"] ?? "192.0.2.7"}
  localAddr: "%any"
  localId: vpn.example.org
  remoteId: vpn.partner.example
  secretRef: { name: ipsec-secret, namespace: default, key: ${key} }
  children:
    erp:
      name: erp
      local_ips: ["${local}"]
      remote_ips: ["${remote}"]
      xfrm_ip: 10.0.2.1/24
      vxlan_ip: 10.0.2.2/24
      if_id: ${changes["ifId"] ?? "102"}
      ip_pools: { primary: ["10.0.2.10-10.0.2.99/24"] }
`;
};
const secret = `apiVersion: v1
kind: Secret
metadata: { name: ipsec-secret, namespace: default }
stringData: { partner: planted-value }
`;

describe("ipman validate", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "validate-"));
    mkdirSync(join(folder, "empty"));
  });
  after(() => rmSync(folder, { recursive: true }));

  function validate(args: readonly string[], input = "") {
    const options = { encoding: "utf8", cwd: folder, input, timeout: 60_000 } as const;
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [bin, "validate", ...args],
      options,
    );
    return { stdout, stderr, status, lines: stdout.trimEnd().split("\n") };
  }

  it("counts the objects of valid manifests: files, folders and standard input", () => {
    mkdirSync(join(folder, "good"));
    writeFileSync(join(folder, "good/a.yaml"), `${connection()}---\n${secret}`);
    writeFileSync(join(folder, "good/.hidden.yaml"), "a: [");
    writeFileSync(join(folder, "b.yaml"), connection({ name: "bank", ifId: "103" }));
    for (const args of [
      ["good", "b.yaml"],
      ["good", "good/a.yaml", "b.yaml", "./b.yaml"],
    ]) {
      const { stdout, stderr, status } = validate(args);
      assert.deepEqual([stdout, stderr, status], ["2 connections, 1 Secret: valid\n", "", 0]);
    }
    assert.equal(validate(["-"], connection()).stdout, "1 connection: valid\n");
    assert.equal(validate(["-"], "# nothing\n").stdout, "no objects: valid\n");
  });

  it("reports problems with file, line, column and field", () => {
    const { lines, status } = validate(
      ["-"],
      `${secret}---\n${connection({ peer: "10.0.0.0/99" })}`,
    );
    assert.match(
      lines[0] ?? "",
      /^stdin:11:3: spec\.remoteAddr: "10\.0\.0\.0\/99" is not an address of a peer/,
    );
    assert.equal(lines[1], "1 connection, 1 Secret: 1 problem");
    assert.equal(status, 1);
  });

  it("reports YAML that is not valid, and text that is not a Kubernetes object", () => {
    const { lines } = validate(["-"], "a: 1\na: 2\n");
    assert.match(lines[0] ?? "", /^stdin:2:1: is not valid YAML: /);
    const text = validate(["-"], "hello\n");
    assert.equal(
      text.lines[0],
      "stdin:1:1: is not a Kubernetes object: it has no apiVersion and kind",
    );
    assert.equal(text.status, 1);
  });

  it("reports a Secret among the manifests that lacks the key, without its values", () => {
    const { stdout, lines, status } = validate(
      ["-"],
      `${connection({ key: "other" })}---\n${secret}`,
    );
    assert.equal(
      lines[0],
      'stdin:10:56: spec.secretRef.key: the Secret default/ipsec-secret has no key "other"; it has partner',
    );
    assert.equal(status, 1);
    assert.doesNotMatch(stdout, /planted/);
    assert.equal(validate(["-"], connection({ key: "other" })).status, 0);
  });

  it("warns of a network on both sides of a child, except for 0.0.0.0/0", () => {
    const same = validate(["-"], connection({ remote: "10.0.2.0/24" }));
    assert.match(
      same.lines[0] ?? "",
      /^stdin:15:20: warning: spec\.children\.erp\.remote_ips\[0\]: /,
    );
    assert.equal(same.lines[1], "1 connection: valid");
    assert.equal(same.status, 0);
    const any = validate(["-"], connection({ local: "0.0.0.0/0", remote: "0.0.0.0/0" }));
    assert.doesNotMatch(any.stdout, /local_ips too/);
  });

  it("warns of a selector that does not become a route, unless routes are declared", () => {
    const any = connection({ local: "0.0.0.0/0", remote: "0.0.0.0/0" });
    const { lines, status } = validate(["-"], any);
    assert.deepEqual(lines, [
      "stdin:15:20: warning: spec.children.erp.remote_ips[0]: 0.0.0.0/0 does not become a route, since it is wider than /8: declare the networks behind the peer in routes",
      "1 connection: valid",
    ]);
    assert.equal(status, 0);
    const routed = any.replace("if_id:", 'routes: ["10.0.1.0/24"]\n      if_id:');
    assert.equal(validate(["-"], routed).stdout, "1 connection: valid\n");
  });

  it("warns of an option that only some versions of charon know, or that ipman does not know", () => {
    const extra = "  extra: { childless: prefer, no_such_option: x }\n  secretRef";
    const { lines, status } = validate(["-"], connection().replace("  secretRef", extra));
    assert.match(
      lines[0] ?? "",
      /^stdin:10:12: warning: spec\.extra\.childless: needs charon 5\.9\.10/,
    );
    assert.match(lines[1] ?? "", /^stdin:10:31: warning: spec\.extra\.no_such_option: is not an/);
    assert.equal(lines[2], "1 connection: valid");
    assert.equal(status, 0);
  });

  it("prints a report for programs", () => {
    const { stdout, status } = validate(["-o", "json", "-"], connection({ peer: "10.0.0.0/99" }));
    const { valid, objects, problems, warnings } = JSON.parse(stdout) as ValidationReport;
    assert.equal(valid, false);
    assert.deepEqual(objects, { IPSecConnection: 1, CharonGroup: 0, Secret: 0 });
    const [first] = problems;
    assert.deepEqual([first?.file, first?.line, first?.column], ["stdin", 6, 3]);
    assert.equal(first?.path, "spec.remoteAddr");
    assert.deepEqual(warnings, []);
    assert.equal(status, 1);
  });

  for (const [argument, message] of [
    ["missing.yaml", "ipman validate: missing.yaml: no such file or folder\n"],
    ["empty", "ipman validate: empty: the folder has no *.yaml or *.yml\n"],
  ] as const) {
    it(`explains that it cannot read ${argument}`, () => {
      const { stdout, stderr, status } = validate([argument]);
      assert.deepEqual([stdout, stderr, status], ["", message, 1]);
    });
  }
});
