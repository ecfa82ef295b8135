import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { KubeClient } from "./kube-client.ts";
import { resourceTypes } from "./resource-type.ts";

/** Prints a new token each time, already expired, so that client-node does not cache it. */
const plugin = (runs: string) => `#!/bin/sh
echo run >> ${runs}
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"expirationTimestamp":"2020-01-01T00:00:00Z","token":"t'$(wc -l < ${runs})'"}}'
`;

const config = (server: string, command: string) => `
apiVersion: v1
kind: Config
current-context: here
clusters: [{ name: here, cluster: { server: "${server}", insecure-skip-tls-verify: true } }]
contexts: [{ name: here, context: { cluster: here, user: me } }]
users:
  - name: me
    user: { exec: { apiVersion: client.authentication.k8s.io/v1, command: ${command}, interactiveMode: Never } }
`;

/** A server, and a credential plugin for it that is not installed yet. */
class Site {
  readonly folder = mkdtempSync(join(tmpdir(), "kube-client-"));
  /** The `Authorization` of each request. */
  readonly asked: string[] = [];
  readonly refused = new Set<string>();
  /** The server's clock. */
  date = new Date().toUTCString();
  readonly #server = createServer(({ headers: { authorization = "" } }, response) => {
    this.asked.push(authorization);
    response.setHeader("date", this.date);
    response.statusCode = this.refused.has(authorization) ? 401 : 200;
    response.end('{"metadata":{"name":"a"}}');
  });

  static async open(t: TestContext): Promise<Site> {
    const site = new Site();
    t.after(() => {
      site.#server.close();
      rmSync(site.folder, { recursive: true });
    });
    await new Promise<void>((resolve) => site.#server.listen(0, "127.0.0.1", resolve));
    return site;
  }

  connect(): KubeClient {
    const { port } = this.#server.address() as AddressInfo;
    const file = join(this.folder, "config");
    writeFileSync(file, config(`http://127.0.0.1:${port}`, join(this.folder, "plugin")));
    return KubeClient.connect(file);
  }

  installPlugin(): void {
    writeFileSync(join(this.folder, "plugin"), plugin(this.#runs), { mode: 0o755 });
  }

  get runs(): number {
    return readFileSync(this.#runs, "utf8").split("\n").length - 1;
  }

  get #runs(): string {
    return join(this.folder, "runs");
  }
}

describe("the client of the API server", () => {
  const get = (client: KubeClient) => client.get(resourceTypes.Node, { name: "a" });

  it("caches credentials for a short time, and reads new ones if they are refused", async (t) => {
    const site = await Site.open(t);
    site.installPlugin();
    await using client = site.connect();
    await get(client);
    const { runs } = site;
    await get(client);
    assert.equal(site.runs, runs);
    const [first = ""] = site.asked;
    assert.match(first, /^Bearer t\d$/);
    assert.deepEqual(site.asked, [first, first]);
    site.refused.add(first);
    await assert.rejects(get(client), { code: "denied", status: 401 });
    await get(client);
    assert.notEqual(site.asked.at(-1), first);
  });

  it("derives the server's time from its last answer, whether or not that was a refusal", async (t) => {
    const site = await Site.open(t);
    site.installPlugin();
    await using client = site.connect();
    assert.equal(client.serverNow, undefined);
    for (const [date, refuses] of [
      ["Fri, 01 Jan 2038 00:00:00 GMT", false],
      ["Thu, 01 Jan 2004 00:00:00 GMT", true],
    ] as const) {
      site.date = date;
      if (refuses) site.refused.add(site.asked[0] ?? "");
      await get(client).catch(() => {});
      const passed = (client.serverNow ?? 0) - Date.parse(date);
      assert.ok(passed >= 0 && passed < 10_000, `${passed} ms`);
    }
    site.date = "no date";
    await get(client);
    assert.ok((client.serverNow ?? Infinity) < Date.UTC(2005));
  });

  it("works as soon as there are credentials", async (t) => {
    const site = await Site.open(t);
    await using client = site.connect();
    await assert.rejects(get(client), { code: "unavailable" });
    site.installPlugin();
    await get(client);
  });
});
