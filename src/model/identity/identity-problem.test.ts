import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { identityProblem } from "./identity-problem.ts";
import { printedIdentities } from "./identity.fixture.ts";

describe("the problem of an identity", () => {
  it("does not exist for the forms that charon and gateways accept", () => {
    const written = printedIdentities.map(([text]) => text);
    for (const text of [...written, "asn1dn:#3000", "ipv4:#c0000201"]) {
      assert.equal(identityProblem(text), undefined, text);
    }
  });

  for (const [text, way] of [
    ["ipv4:192.0.2.1", "write the address without the prefix"],
    ["IPv6:fd00::1", "write the address without the prefix"],
    ["ipv4net:10.0.0.0/8", "write the address without the prefix"],
    ["asn1dn:CN=vpn", 'write a name such as "CN=vpn, O=Example" without the prefix'],
    ["xmppaddr:a@example.org", "is not an identity of a gateway"],
    ["@#0x0a", "use digits such as @#0a0b"],
    ["keyid:#", "use digits such as keyid:#0a0b"],
    ["{11}:#zz", "use digits such as {11}:#0a0b"],
    ["zürich.example.org", "xn-- form"],
    ["CN=vpn, O=Zürich AG", "asn1dn:#"],
    ["peer\tone", "outside printable ASCII"],
  ] as const) {
    it(`names the remedy for ${JSON.stringify(text)}`, () => {
      assert.ok(identityProblem(text)?.includes(way), identityProblem(text));
    });
  }
});
