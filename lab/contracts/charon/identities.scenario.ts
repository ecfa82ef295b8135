import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Session } from "vici-client";
import { printedIdentities } from "../../../src/model/identity/identity.fixture.ts";
import { Charon } from "../../sites/charon.ts";

describe("the identities that a real charon parses", () => {
  const resources = new AsyncDisposableStack();
  let session: Session;

  before(async () => {
    const folder = mkdtempSync(join(process.env["ARTIFACTS"] ?? "/tmp", "identities-"));
    const charon = resources.use(new Charon({ name: "identities-charon", folder }));
    await charon.start();
    session = await charon.session();
    resources.defer(() => session.close());
  });
  after(() => resources.disposeAsync());

  it("are listed with addresses as they were written", async () => {
    for (const written of ["FD00:1::2", "fd00:0001:0:0::2", "Peer.Example.ORG"]) {
      const ends = { local: { auth: "psk" }, remote: { auth: "psk" } };
      await session.request("load-conn", { one: { remote_addrs: [written], ...ends } });
      const [listed] = await Array.fromAsync(session.stream("list-conns", { ike: "one" }));
      await session.request("unload-conn", { name: "one" });
      const conn = listed?.["one"] as { remote_addrs?: unknown } | undefined;
      assert.deepEqual(conn?.remote_addrs, [written]);
    }
  });

  for (const [written, printed] of printedIdentities) {
    it(`${JSON.stringify(written)} is listed as ${JSON.stringify(printed)}`, async () => {
      await session.request("load-conn", {
        one: {
          remote_addrs: ["192.0.2.1"],
          local: { auth: "psk", id: "us" },
          remote: { auth: "psk", id: written },
        },
      });
      const [listed] = await Array.fromAsync(session.stream("list-conns", { ike: "one" }));
      const conn = listed?.["one"] as { "remote-1"?: { id?: string } } | undefined;
      // charon would keep the loaded identity if the next one is equal to it.
      await session.request("unload-conn", { name: "one" });
      assert.equal(conn?.["remote-1"]?.id ?? "%any", printed);
    });
  }
});
