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

/** A client of a server that sends the answers of the test. */
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
  "truncated JSON": (response) => {
    response.setHeader("content-length", "500").write('{"metadata":{"name":"a"');
    setImmediate(() => response.destroy());
  },
  "truncated JSON in a complete body": (response) =>
    response.end('{"metadata":{"name":"a","resourceVersion":"1"'),
  "an empty body": (response) => response.end(),
  null: (response) => response.end("null"),
  "other JSON": (response) => response.end('{"error":"maintenance"}'),
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

const unusable = {
  name: "KubeError",
  code: "unavailable",
  retryable: true,
  message: /: the answer /,
};

describe("an answer with status 200", () => {
  for (const [kind, answer] of Object.entries(answers)) {
    for (const [op, call] of Object.entries(calls)) {
      it(`fails ${op} as unavailable if it is ${kind}`, async (t) => {
        const client = await clientOf(t, answer);
        await assert.rejects(call(client), unusable);
      });
    }
  }

  it("fails delete as unavailable if it is a page of HTML", async (t) => {
    const client = await clientOf(t, html);
    await assert.rejects(client.delete(ConfigMap, place), unusable);
  });

  it("fails list as unavailable if its second page is HTML", async (t) => {
    const client = await clientOf(t, (response, url) => {
      if (url.includes("continue=")) html(response);
      else response.end('{"metadata":{"resourceVersion":"1","continue":"next"},"items":[]}');
    });
    await assert.rejects(calls["list"]?.(client) ?? Promise.resolve(), unusable);
  });

  it("is not quoted in the error, since it may contain a Secret", async (t) => {
    const client = await clientOf(t, (response) => response.end('{"data":{"psk":c2VjcmV0'));
    await assert.rejects(client.get(resourceTypes.Secret, place), (error: KubeError) => {
      assert.equal(error.code, "unavailable");
      assert.doesNotMatch(`${error.stack} ${String(error.cause)}`, /psk|c2Vj/);
      return true;
    });
  });

  it("fails as unavailable after 128 MiB without an end", async (t) => {
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

describe("an answer with status 404", () => {
  it("does not mean that the object is absent if it has no Status", async (t) => {
    const client = await clientOf(t, (response) => {
      response.statusCode = 404;
      html(response);
    });
    await assert.rejects(client.get(ConfigMap, place), { code: "unavailable", status: 404 });
    await assert.rejects(client.delete(ConfigMap, place), { code: "unavailable" });
  });

  it("means that the object is absent if it has a Status", async (t) => {
    const status = '{"kind":"Status","reason":"NotFound","message":"gone","code":404}';
    const client = await clientOf(t, (response) => response.writeHead(404).end(status));
    await assert.rejects(client.get(ConfigMap, place), {
      code: "not-found",
      retryable: false,
      message: /gone/,
    });
    await client.delete(ConfigMap, place);
  });
});
