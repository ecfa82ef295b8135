import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Message } from "vici-client";
import { childSpec, connectionOf } from "../../../test/models/fixtures.ts";
import { loadedAlike, loadedElsewhere, loadedIn } from "./list-conns.ts";

describe("loaded connections", () => {
  it("are listed by name with the keys of their children", () => {
    const message = { partner: { version: "IKEv2", children: { lan: {}, wan: {} } }, bare: {} };
    assert.deepEqual(loadedIn(message), [
      ["partner", ["lan", "wan"]],
      ["bare", []],
    ]);
  });
});

describe("the addresses that a connection was loaded with", () => {
  /** Whether a connection with these addresses was loaded with others. */
  const elsewhere = (localAddr: string, remoteAddr: string, listed: Message): boolean =>
    loadedElsewhere({ site: listed }, connectionOf({ localAddr, remoteAddr }));

  const here = { local_addrs: ["192.0.2.1"], remote_addrs: ["192.0.2.2"] };
  const anywhere = { ...here, local_addrs: ["%any"] };

  it("are as declared", () => {
    assert.equal(elsewhere("192.0.2.1", "192.0.2.2", here), false);
    assert.equal(elsewhere("%any", "192.0.2.2", anywhere), false);
  });

  // charon lists addresses as they were loaded, without parsing them.
  for (const written of ["FD00:1::2", "fd00:0001:0:0::2", "Peer.Example.ORG"]) {
    it(`are as declared if one is written ${written}`, () => {
      const listed = { local_addrs: ["%any"], remote_addrs: [written] };
      assert.equal(elsewhere("%any", written, listed), false);
      assert.equal(elsewhere("%any", "fd00:1::3", listed), true);
    });
  }

  it("differ if the peer's address or our own was changed", () => {
    assert.equal(elsewhere("192.0.2.1", "192.0.2.3", here), true);
    assert.equal(elsewhere("192.0.2.1", "192.0.2.2", anywhere), true);
    assert.equal(elsewhere("%any", "192.0.2.2", here), true);
  });

  it("do not differ if charon does not have the connection", () => {
    assert.equal(loadedElsewhere({}, connectionOf()), false);
  });
});

describe("the parts of a connection that were loaded as declared", () => {
  const remote_ips = ["10.1.2.0/24", "10.7.0.0/24"];
  const connection = connectionOf({
    localId: "@node.site",
    remoteId: "%any",
    children: { "child-2": childSpec(2, { remote_ips }), "child-3": childSpec(3) },
  });

  const loaded = (changes: Message = {}): Message => ({
    site: {
      "local-1": { id: "node.site" },
      "remote-1": { class: "pre-shared key" },
      children: {
        "child-2": { "local-ts": ["10.0.2.0/24"], "remote-ts": ["10.7.0.0/24", "10.1.2.0/24"] },
      },
      ...changes,
    },
  });

  it("include identities and networks that mean the same", () => {
    const alike = { identities: true, children: ["child-2"] };
    assert.deepEqual(loadedAlike(loaded(), connection), alike);
  });

  it("do not include an identity or a network that differs", () => {
    const other = loaded({
      "local-1": { id: "other.site" },
      children: { "child-2": { "local-ts": ["10.0.2.0/24"], "remote-ts": ["10.1.2.0/24"] } },
    });
    assert.deepEqual(loadedAlike(other, connection), { identities: false, children: [] });
  });

  it("are empty if charon did not have the connection", () => {
    assert.deepEqual(loadedAlike({}, connection), { identities: false, children: [] });
  });
});
