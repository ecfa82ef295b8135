import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { connect, createServer, type Server } from "node:tls";
import {
  beginOf,
  endOf,
  isPair,
  makeAuthority,
  makeLeaf,
  vouchesFor,
  type KeyPair,
} from "./certificates.ts";

const hour = 3_600_000;
const host = "ipman-webhook.ipman-system.svc";

describe("certificates", () => {
  let authority: KeyPair;
  let other: KeyPair;
  let leaf: KeyPair;

  before(async () => {
    authority = await makeAuthority({ name: "CN=one", lifetimeMs: 24 * hour });
    other = await makeAuthority({ name: "CN=one", lifetimeMs: 24 * hour });
    leaf = await makeLeaf(authority, { name: "CN=leaf", lifetimeMs: hour, hosts: [host] });
  });

  describe("that a server presents", () => {
    let server: Server;

    before(async () => {
      server = createServer({ cert: leaf.certificate, key: leaf.key }, (socket) => socket.end());
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
    });
    after(() => server.close());

    async function answer(ca: string, servername: string): Promise<unknown> {
      const { port } = server.address() as AddressInfo;
      const socket = connect({ port, host: "127.0.0.1", ca, servername });
      try {
        await once(socket, "secureConnect");
        return "trusted";
      } catch (error) {
        return (error as { code?: string }).code;
      } finally {
        socket.destroy();
      }
    }

    it("are trusted by a client of their authority, for their host name", async () => {
      assert.equal(await answer(authority.certificate, host), "trusted");
      assert.equal(await answer(`${other.certificate}\n${authority.certificate}`, host), "trusted");
    });

    it("are not trusted by other clients or for other names", async () => {
      assert.notEqual(await answer(other.certificate, host), "trusted");
      assert.equal(
        await answer(authority.certificate, "other.svc"),
        "ERR_TLS_CERT_ALTNAME_INVALID",
      );
    });
  });

  it("end after their lifetime", () => {
    const left = endOf(leaf.certificate) - Date.now();
    assert.ok(left > 0.9 * hour && left <= hour, String(left));
    assert.equal(endOf("nothing"), 0);
  });

  it("begin a few minutes before the given time of creation", async () => {
    const now = Date.UTC(2030, 0, 1);
    const made = await makeAuthority({ name: "CN=one", lifetimeMs: hour, now });
    const other = await makeLeaf(made, { name: "CN=leaf", lifetimeMs: hour, hosts: [host], now });
    for (const { certificate } of [made, other]) {
      assert.equal(beginOf(certificate), now - 5 * 60_000);
      assert.equal(endOf(certificate), now + hour);
    }
    assert.equal(beginOf("nothing"), undefined);
  });

  it("can be verified without a server", () => {
    assert.ok(vouchesFor(authority.certificate, leaf.certificate, host));
    assert.ok(!vouchesFor(other.certificate, leaf.certificate, host));
    assert.ok(!vouchesFor(authority.certificate, leaf.certificate, "other.svc"));
    assert.ok(!vouchesFor("", leaf.certificate, host));
    assert.ok(isPair(leaf));
    assert.ok(!isPair({ ...leaf, key: authority.key }));
    assert.ok(!isPair({ ...leaf, key: "" }));
  });
});
