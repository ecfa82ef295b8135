import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { identitiesOverlap, identityPattern } from "./identity-overlap.ts";

const both = (a: string, b: string) => {
  const [one, other] = [identityPattern(a), identityPattern(b)];
  assert.equal(
    identitiesOverlap(one, other),
    identitiesOverlap(other, one),
    `${a} and ${b} in both orders`,
  );
  return identitiesOverlap(one, other);
};

describe("two identities", () => {
  for (const [a, b] of [
    ["peer.a", "PEER.A"],
    ["peer.a", "@peer.a"],
    ["peer.a", "fqdn:peer.a"],
    ["a@example.org", "@@a@example.org"],
    ["@#6e6f6465", "node"],
    ["peer.a", "%any"],
    ["peer.a", "*"],
    ["0.0.0.0", "10.0.0.1"],
    ["peer.example.org", "*.example.org"],
    ["*.example.org", "*.org"],
    ["*@example.org", "a@example.org"],
    ["^peer\\..*$", "peer.a"],
    ["10.0.0.1", "10.0.0.0/24"],
    ["10.0.0.1-10.0.0.9", "10.0.0.3"],
    ["fd00::1", "fd00:0::1"],
    ["C=CH, O=strongSwan", "c=ch,O=strongswan"],
    ["10.0.0.1-10.0.0.9", "10.0.0.8/30"],
    ["C=CH, O=*", "C=CH, O=strongSwan"],
    ["/C=CH/O=strongSwan", "c=ch,O=strongswan"],
    ["C=CH, SN=7", "C=CH, serialNumber=7"],
    ["asn1dn:#300d310b3009060355040613024348", "C=CH"],
    ["{2}:peer.a", "peer.a"],
    ["keyid:peer.a", "peer.a"],
  ] as const) {
    it(`overlap: ${a} and ${b}`, () => assert.ok(both(a, b)));
  }

  for (const [a, b] of [
    ["peer.a", "peer.b"],
    ["peer.a", "xpeer.a"],
    ["*.example.org", "*.example.com"],
    ["*.example.org", "peer.example.com"],
    ["10.0.0.1", "10.0.0.2"],
    ["10.0.0.0/24", "10.0.1.0/24"],
    ["10.0.0.1", "*.1"],
    ["10.0.0.1", "@10.0.0.1"],
    ["10.0.0.1-10.0.0.9", "10.0.0.10"],
    ["10.0.0.1-10.0.0.9", "fd00::1"],
    ["10.0.0.1", "peer.a"],
    ["10.0.0.1", "fd00::1"],
    ["C=CH, O=a", "C=CH, O=b"],
  ] as const) {
    it(`do not overlap: ${a} and ${b}`, () => assert.ok(!both(a, b)));
  }
});
