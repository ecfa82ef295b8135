import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connectionFromCr } from "../validation/connection-from-cr.ts";
import { loadedElsewhere } from "./loaded-addresses.ts";
import { manifest } from "../validation/manifests.fixture.ts";

/** Whether a connection of these addresses was loaded with others. */
function elsewhere(localAddr: string, remoteAddr: string, listed: object): boolean {
  const { spec, ...rest } = manifest();
  const parsed = connectionFromCr({ ...rest, spec: { ...spec, localAddr, remoteAddr } });
  assert.ok(parsed.ok);
  const { name } = parsed.value;
  return loadedElsewhere({ [name]: listed }, parsed.value);
}

describe("addresses that a connection was loaded with", () => {
  const here = { local_addrs: ["192.0.2.1"], remote_addrs: ["192.0.2.2"] };
  const anywhere = { ...here, local_addrs: ["%any"] };

  it("are those that are declared", () => {
    assert.equal(elsewhere("192.0.2.1", "192.0.2.2", here), false);
    assert.equal(elsewhere("%any", "192.0.2.2", anywhere), false);
  });

  // A real charon lists them as they were loaded: it parses none.
  for (const written of ["FD00:1::2", "fd00:0001:0:0::2", "Peer.Example.ORG"]) {
    it(`are those that are declared, also where one is written ${written}`, () => {
      const listed = { local_addrs: ["%any"], remote_addrs: [written] };
      assert.equal(elsewhere("%any", written, listed), false);
      assert.equal(elsewhere("%any", "fd00:1::3", listed), true);
    });
  }

  it("or others, the peer's or our own", () => {
    assert.equal(elsewhere("192.0.2.1", "192.0.2.3", here), true);
    assert.equal(elsewhere("192.0.2.1", "192.0.2.2", anywhere), true);
    assert.equal(elsewhere("%any", "192.0.2.2", here), true);
  });

  it("or there are none, since charon does not have it", () => {
    const parsed = connectionFromCr(manifest());
    assert.ok(parsed.ok && !loadedElsewhere({}, parsed.value));
  });
});
