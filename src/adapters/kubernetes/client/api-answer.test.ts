import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { KubeClient } from "./kube-client.ts";
import type { KubeError } from "./kube-error.ts";
import { resourceTypes } from "./resource-type.ts";

const config = (port: number) => `
apiVersion: v1
kind: Config
current-context: here
clusters: [{ name: here, cluster: { server: "http://127.0.0.1:${port}", insecure-skip-tls-verify: true } }]
contexts: [{ name: here, context: { cluster: here, user: me } }]
users: [{ name: me, user: { token: t } }]
`;

/** A client of a server that answers as the test says. */
async function clientOf(
  t: TestContext,
  answer: (response: ServerResponse, url: string) => void,
): Promise<KubeClient> {
  const server = createServer((request, response) => answer(response, request.url ?? ""));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const folder = mkdtempSync(join(tmpdir(), "api-answer-"));
  const file = join(folder, "config");
  writeFileSync(file, config((server.address() as AddressInfo).port));
  const client = KubeClient.connect(file);
  t.after(async () => {
    await client[Symbol.asyncDispose]();
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });
  return client;
}

const html = (response: ServerResponse) =>
  response.setHeader("content-type", "text/html").end("<html>maintenance</html>");

const answers: Readonly<Record<string, (response: ServerResponse) => void>> = {
  "a page of HTML": html,
  "JSON that is cut short": (response) => {
    response.setHeader("content-length", "500").write('{"metadata":{"name":"a"');
    setImmediate(() => response.destroy());
  },
  "JSON that is cut short, as if complete": (response) =>
    response.end('{"metadata":{"name":"a","resourceVersion":"1"'),
  "an empty body": (response) => response.end(),
  null: (response) => response.end("null"),
  "JSON of something else": (response) => response.end('{"error":"maintenance"}'),
};

const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace: "n" } };
const place = { namespace: "n", name: "a" };
const { ConfigMap } = resourceTypes;

const calls: Readonly<Record<string, (client: KubeClient) => Promise<unknown>>> = {
  get: (client) => client.get(ConfigMap, place),
  list: (client) => client.list(ConfigMap, { namespace: "n" }, {}, () => {}),
  create: (client) => client.create(ConfigMap, object),
  replace: (client) => client.replace(ConfigMap, object),
  apply: (client) => client.apply(ConfigMap, object, "test"),
  patch: (client) => client.mergePatch(ConfigMap, place, {}),
};

const unusable = { name: "KubeError", code: "unavailable", message: /: the answer / };

describe("an answer of the API server with status 200", () => {
  for (const [what, answer] of Object.entries(answers)) {
    for (const [op, call] of Object.entries(calls)) {
      it(`that is ${what} fails ${op} as unavailable`, async (t) => {
        const client = await clientOf(t, answer);
        await assert.rejects(call(client), unusable);
      });
    }
  }

  it("that is a page of HTML fails delete as unavailable", async (t) => {
    const client = await clientOf(t, html);
    await assert.rejects(client.delete(ConfigMap, place), unusable);
  });

  it("that is HTML fails list as unavailable on its second page, too", async (t) => {
    const client = await clientOf(t, (response, url) => {
      if (url.includes("continue=")) html(response);
      else response.end('{"metadata":{"resourceVersion":"1","continue":"next"},"items":[]}');
    });
    await assert.rejects(calls["list"]?.(client) ?? Promise.resolve(), unusable);
  });

  it("is not quoted in the error, since it may be of a Secret", async (t) => {
    const client = await clientOf(t, (response) => response.end('{"data":{"psk":c2VjcmV0'));
    await assert.rejects(client.get(resourceTypes.Secret, place), (error: KubeError) => {
      assert.equal(error.code, "unavailable");
      assert.doesNotMatch(`${error.stack} ${String(error.cause)}`, /psk|c2Vj/);
      return true;
    });
  });

  it("that has no end fails as unavailable once 128 MiB are read", async (t) => {
    const block = Buffer.alloc(2 ** 20, " ");
    let sent = 0;
    const client = await clientOf(t, (response) => {
      const more = () => {
        while (!response.destroyed && response.write(block)) sent++;
      };
      response.on("drain", more);
      more();
    });
    const expected = { code: "unavailable", message: /larger than 128 MiB/ };
    await assert.rejects(calls["get"]?.(client) ?? Promise.resolve(), expected);
    assert.ok(sent < 200, `${sent} MiB were sent`);
  });
});

describe("a refusal", () => {
  it("with 404 and no Status does not mean that the object is absent", async (t) => {
    const client = await clientOf(t, (response) => {
      response.statusCode = 404;
      html(response);
    });
    await assert.rejects(client.get(ConfigMap, place), { code: "unavailable", status: 404 });
    await assert.rejects(client.delete(ConfigMap, place), { code: "unavailable" });
  });

  it("with 404 and a Status means it", async (t) => {
    const status = '{"kind":"Status","reason":"NotFound","message":"gone","code":404}';
    const client = await clientOf(t, (response) => response.writeHead(404).end(status));
    await assert.rejects(client.get(ConfigMap, place), { code: "not-found", message: /gone/ });
    await client.delete(ConfigMap, place);
  });
});
