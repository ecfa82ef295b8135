import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isInRange } from "./charon-version.ts";
import { keywords } from "./keywords.ts";
import { checkProposal, type ProposalProtocol } from "./proposal.ts";
import { proposalProblem } from "./proposal-problem.ts";

/** The versions that accept a proposal, or the fault. */
function verdict(protocol: ProposalProtocol, proposal: string): unknown {
  const found = checkProposal(protocol, proposal);
  return found.ok ? found.versions : found.fault.kind;
}

const since6 = { since: "6.0.0", before: undefined };

const cases: readonly (readonly [ProposalProtocol, string, unknown])[] = [
  ["ike", "aes256-sha256-modp2048", {}],
  ["ike", "aes256-sha256-prfsha512-ecp384-curve25519", {}],
  ["ike", "aes256gcm16-prfsha256-ecp512bp", {}],
  ["ike", "aes256gcm16-sha256-ecp512bp", {}],
  ["ike", "aes256gcm16-ecp512bp", "no prf"],
  ["ike", "aes256-sha256_96-modp2048", "no prf"],
  ["ike", "aes256-sha256", "no group"],
  ["ike", "aes256-sha256-none", "no group"],
  ["ike", "aes256-sha256-none-modp2048", {}],
  ["ike", "aes256-prfsha256-modp2048", "no integrity"],
  ["ike", "sha256-modp2048", "no cipher"],
  ["ike", "aes256gcm16-aes256-sha256-modp2048", "mixed"],
  ["ike", "aes256-sha256-x25519-ke1_mlkem768-ke2_none", since6],
  ["ike", "aes256-sha256-ke1_mlkem768", "no group"],
  ["ike", "aes256-sha256-modp2048-esn", {}],
  ["esp", "aes256gcm16-ecp512bp", {}],
  ["esp", "aes256gcm16-sha256-modp2048-none", {}],
  ["esp", "aes256-sha256-modpnone-esn-noesn", {}],
  ["esp", "aes256", {}],
  ["esp", "aes256gmac", {}],
  ["esp", "prfsha256", "no cipher"],
  ["esp", "aes256gcm16-mlkem768", since6],
  ["esp", "aes256gcm16-ntru128", { since: undefined, before: "6.0.0" }],
  ["esp", "aes256gcm16-KE7_x25519", since6],
  ["ah", "sha256", {}],
  ["ah", "aes256gmac", {}],
  ["ah", "aes256gcm16", "no integrity"],
  ["esp", "default", {}],
  ["esp", "DEFAULT", {}],
  ["esp", "-aes256--sha256-", {}],
  ["esp", " aes256 - sha256 ", {}],
  ["esp", "", "empty"],
  ["esp", "-", "empty"],
];

const unknown = ["AES256", "aesctr", "camellia128ccm", "ke0_x25519", "ke8_x25519", "ke1_aes256"];

describe("a proposal", () => {
  for (const [protocol, proposal, expected] of cases) {
    it(`${protocol} ${JSON.stringify(proposal)} is judged as charon does`, () => {
      assert.deepEqual(verdict(protocol, proposal), expected);
    });
  }

  for (const word of [...unknown, "ke1_ke2_x25519", "ke1_ntru128", "constructor"]) {
    it(`may not contain ${word}`, () => {
      assert.equal(verdict("esp", `aes256-${word}`), "unknown");
    });
  }

  it("has the 153 keywords of strongSwan 5.9.8, and the 153 of 6.0", () => {
    for (const version of ["5.9.8", "6.0.6"] as const) {
      const known = [...keywords.values()].filter(({ versions }) => isInRange(version, versions));
      assert.equal(known.length, 153);
    }
  });

  for (const [proposal, remedy] of [
    ["AES256-sha256", "write aes256"],
    ["aes256-sha256-modp2048!", "remove the !"],
    ["aes256-sha256-dh14", "write modp2048"],
    ["aes256-sha256-group19", "write ecp256"],
    ["aes-256-sha256", "write name and size as one word"],
    ["aes257-sha256", "did you mean aes256?"],
    ["aes256-sha256-ecp512pb", "did you mean ecp512bp?"],
    ["nonsense", "check its spelling"],
    ["aes256", "has no integrity algorithm: add one"],
    [`aes256-sha256${"-sha256".repeat(80)}`, "split it"],
  ] as const) {
    it(`${proposal.slice(0, 30)} is refused with the remedy "${remedy}"`, () => {
      const problem = proposalProblem("esp", `aes128-sha1, ${proposal}`);
      assert.ok(problem?.includes(remedy), problem);
    });
  }

  it("of several is valid only if each is", () => {
    assert.equal(proposalProblem("esp", "aes256gcm16, aes256-sha256,default"), undefined);
    assert.match(proposalProblem("esp", "aes256gcm16,,default") ?? "", /^a proposal is empty/);
  });
});
