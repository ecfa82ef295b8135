import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { makeAuthority, makeLeaf } from "../admission/certificates.ts";
import { KubeClient } from "./kube-client.ts";
import { resourceTypes } from "./resource-type.ts";

const config = (server: string, authority: string) => `
apiVersion: v1
kind: Config
current-context: here
clusters: [{ name: here, cluster: { server: "${server}", certificate-authority: "${authority}" } }]
contexts: [{ name: here, context: { cluster: here, user: me } }]
users: [{ name: me, user: { token: t } }]
`;

/** A server whose authority changes, and the file from which a client reads it. */
class Site {
  readonly folder = mkdtempSync(join(tmpdir(), "api-connections-"));
  /** Each request has a separate connection and handshake. */
  readonly #server = createServer((_, response) => {
    response.writeHead(200, { connection: "close" }).end('{"metadata":{"name":"a"}}');
  });

  static async open(t: TestContext): Promise<Site> {
    const site = new Site();
    t.after(() => {
      site.#server.close();
      site.#server.closeAllConnections();
      rmSync(site.folder, { recursive: true });
    });
    await site.replaceCertificate();
    site.publish();
    await new Promise<void>((resolve) => site.#server.listen(0, "127.0.0.1", resolve));
    return site;
  }

  #authority = "";

  /** Simulates a restart of the server with a certificate of another authority. */
  async replaceCertificate(): Promise<void> {
    const authority = await makeAuthority({ name: "CN=authority", lifetimeMs: 60_000 });
    const subject = { name: "CN=server", hosts: ["127.0.0.1"], lifetimeMs: 60_000 };
    const { certificate: cert, key } = await makeLeaf(authority, subject);
    this.#authority = authority.certificate;
    this.#server.setSecureContext({ cert, key });
  }

  publish(): void {
    writeFileSync(join(this.folder, "ca.crt"), this.#authority);
  }

  connect(): KubeClient {
    const { port } = this.#server.address() as AddressInfo;
    const file = join(this.folder, "config");
    writeFileSync(file, config(`https://127.0.0.1:${port}`, join(this.folder, "ca.crt")));
    return KubeClient.connect(file);
  }
}

describe("the connections to the API server", () => {
  it("are replaced when the cluster has a new authority", async (t) => {
    const site = await Site.open(t);
    await using client = site.connect();
    const get = () => client.get(resourceTypes.Node, { name: "a" });
    await get();
    const distrusted = { code: "unavailable", message: /certificate/ };
    await site.replaceCertificate();
    await assert.rejects(get(), distrusted);
    await assert.rejects(get(), distrusted, "the authority is not published yet");
    site.publish();
    await get();
    await site.replaceCertificate();
    site.publish();
    await assert.rejects(get(), distrusted, "the connections still trust the old authority");
    await get();
  });
});
