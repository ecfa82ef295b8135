import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { numbered } from "../sites/faults.ts";
import { find } from "../sites/ipman.ts";
import { connectionSpec, secret, yaml } from "../sites/manifests.ts";
import { eventually, sh } from "../sites/shell.ts";
import { TwoSites } from "../sites/two-sites.ts";

const planted = [
  "planted-first-secret-7f3a",
  "planted-second-secret-91bc",
  "planted-broken-secret!",
  "0xplanted-malformed-secret",
];
const bin = join(import.meta.dirname, "../../bin/ipman");

describe("a secret", () => {
  const resources = new AsyncDisposableStack();
  let lab: TwoSites;
  const cr = connectionSpec("first");

  before(async () => {
    lab = resources.use(await TwoSites.build());
  });
  after(() => resources.disposeAsync());

  const [first = "", second = "", broken = "", malformed = ""] = planted;
  const declare = (key: string) => lab.ipman.apply("secret.yaml", yaml(secret({ first: key })));

  /** The messages that the inspector's page received. */
  let pageMessages = "";

  it("is declared, corrected, broken and changed", async () => {
    await lab.mirror(cr, { secret: first });
    declare(second);
    lab.ipman.apply("first.yaml", yaml(cr));
    await lab.ipman.start("--log", "trace");
    const page = new WebSocket("ws://127.0.0.1:9741/?page");
    page.addEventListener("message", ({ data }) => (pageMessages += String(data)));
    await lab.ipman.reason("first", "AuthenticationFailed");
    declare(first);
    await lab.ipman.ready("first", 30_000);
    // A value in `data` must be base64, and this one is not.
    const { metadata, ...rest } = secret({});
    lab.ipman.apply("secret.yaml", yaml({ ...rest, metadata, data: { first: broken } }));
    await lab.ipman.until(({ problems }) => problems.some(({ path }) => path === "data.first"));
    declare(second);
    await lab.ipman.until(({ problems }) => problems.length === 0);
    await eventually(() =>
      assert.match(pageMessages, /sas\.listed.*AuthenticationFailed.*established/),
    );
    page.close();
  });

  it("of bytes that are not text reaches charon unchanged, as base64 and hexadecimal too", async () => {
    const key = Buffer.from("9f1c00e4c3a7fe80d2b10a", "hex");
    const { metadata, ...rest } = secret({});
    const other = { ...metadata, name: "other-secret" };
    const values = { raw: key, s: `0s${key.toString("base64")}\n`, x: `0x${key.toString("hex")}` };
    const data = Object.entries(values).map(([name, value]) => [
      name,
      Buffer.from(value).toString("base64"),
    ]);
    lab.ipman.apply(
      "other.yaml",
      yaml({ ...rest, metadata: other, data: Object.fromEntries(data) as object }),
    );
    for (const [i, name] of Object.keys(values).entries()) {
      const secretRef = { name: other.name, namespace: other.namespace, key: name };
      const bytes = numbered(`bytes-${name}`, 3 + i, { secretRef });
      await lab.mirror(bytes, { secret: key });
      lab.ipman.apply(`bytes-${name}.yaml`, yaml(bytes));
      await lab.ipman.ready(`bytes-${name}`);
    }
  });

  it("that is malformed is refused without showing its value, and the tunnel stays up", async () => {
    declare(first);
    await lab.ipman.ready("first", 30_000);
    const ikeSasMade = () => lab.node.log.match(/IKE_SA first\[\d+\] established/g)?.length;
    const before = ikeSasMade();
    declare(malformed);
    await lab.ipman.reason("first", "SecretInvalid");
    await lab.ipman.ready("first");
    const loaded = lab.node.log.split("loaded IKE shared key with id 'ipman:first' for: ");
    assert.match(loaded.at(-1) ?? "", /^'ipman:first'/, "charon has a random key instead");
    assert.equal(ikeSasMade(), before, "the IKE SA is the same");
    declare(first);
    await lab.ipman.until(
      (s) =>
        find(s, "first")?.conditions.every(({ reason }) => reason !== "SecretInvalid") === true,
    );
  });

  it("does not appear in anything that ipman writes, shows or serves", async () => {
    const seen = {
      log: readFileSync(join(lab.folder, "ipman.log"), "utf8"),
      status: sh(bin, "status", "-o", "json"),
      table: sh(bin, "status"),
      actors: sh(bin, "inspect", "--once", "-o", "json"),
      page: pageMessages,
      metrics: await lab.ipman.scrape(),
      state: readFileSync(join(lab.ipman.state, "endpoints.json"), "utf8"),
      "command line": sh("ps", "-ww", "-o", "args=", "-p", String(lab.ipman.pid)),
      environment: readFileSync(`/proc/${lab.ipman.pid}/environ`, "utf8"),
    };
    assert.match(seen.log, /AuthenticationFailed/, "the log has what happened");
    assert.match(seen.metrics, /ipman_connections/);
    const written = /ipman_secret_changed_timestamp_seconds\{connection="first"\} ([\d.]+)/;
    const age = Date.now() / 1_000 - Number(written.exec(seen.metrics)?.[1]);
    assert.ok(age > 0 && age < 30, `the metric has the file's age: ${age} s`);
    assert.match(seen.actors, /"name":"first".*"generation":/);
    for (const [where, bytes] of Object.entries(seen)) {
      for (const value of planted) {
        for (const form of [value, Buffer.from(value).toString("base64"), encodeURI(value)]) {
          assert.ok(!bytes.includes(form), `${where} has a secret`);
        }
      }
    }
  });
});
