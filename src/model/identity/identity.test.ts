import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseIdentity, sameIdentity } from "./identity.ts";
import { printedIdentities } from "./identity.fixture.ts";

describe("an identity", () => {
  for (const [written, printed] of printedIdentities) {
    it(`written ${JSON.stringify(written)} is printed ${JSON.stringify(printed)}`, () => {
      assert.equal(parseIdentity(written).text, printed);
      assert.ok(sameIdentity(printed, written), "it equals the declared identity");
    });
  }

  const same: readonly (readonly [listed: string, declared: string])[] = [
    ["VPN.example.org", "@vpn.EXAMPLE.org"],
    ["User@Example.org", "user@example.org"],
    ["peer.example.org", "%any"],
    ["peer.example.org", "*.example.org"],
    ["a@example.org", "*@example.org"],
    ["10.1.2.3", "10.0.0.0/8"],
    ["10.0.0.5", "10.0.0.1-10.0.0.9"],
    ["%any", "peer.example.org"],
    ["CN=Any Name, O=Bank", "CN=*,O=bank"],
    ["C=CH, serialNumber=7", "C=CH,SN=7"],
    ["peer7.example.org", "^peer[0-9]+.example.org$"],
    ["(ASN.1 general name)", "xmppaddr:a@example.org"],
    ["anything", "keyid:#0x"],
  ];
  for (const [listed, declared] of same) {
    it(`listed as ${listed} may be the declared ${declared}`, () => {
      assert.equal(sameIdentity(listed, declared), true);
    });
  }

  const other: readonly (readonly [listed: string, declared: string])[] = [
    ["vpn.example.com", "@vpn.example.org"],
    ["@vpn.example.org", "@vpn.example.org.uk"],
    ["peer.example.com", "*.example.org"],
    ["11.1.2.3", "10.0.0.0/8"],
    ["10.0.0.10", "10.0.0.1-10.0.0.9"],
    ["fd00::2", "FD00::1"],
    ["Partner", "keyid:partner"],
    ["CN=vpn, O=Other", "CN=vpn,O=Bank"],
    ["CN=vpn, O=Bank, OU=Evil", "CN=*,O=Bank"],
    ["CN=a, OU=b, O=Bank", "CN=*,O=Bank"],
    ["constructor:a", "toString:a"],
  ];
  for (const [listed, declared] of other) {
    it(`listed as ${listed} is not the declared ${declared}`, () => {
      assert.equal(sameIdentity(listed, declared), false);
    });
  }

  it("with many wildcards is compared in linear time", () => {
    const declared = Array.from({ length: 20 }, () => "CN=*").join(",");
    const listed = `${Array.from({ length: 20 }, () => `CN=${"a".repeat(40)}`).join(", ")}!, X`;
    const started = performance.now();
    assert.equal(sameIdentity(`${listed}=1`, declared), false);
    assert.ok(performance.now() - started < 2_000);
  });
});
