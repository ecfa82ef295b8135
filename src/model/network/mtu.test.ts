import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { innerMtu, suiteOfProposals, suiteOfSa } from "./mtu.ts";

/** Inner MTU over a path of 1500 bytes: IPv4, with NAT-T, IPv6, with NAT-T. */
const table = [
  ["AES_GCM_16", undefined, "aes256gcm16-ecp256", [1446, 1438, 1426, 1418]],
  ["CHACHA20_POLY1305", undefined, "chacha20poly1305", [1446, 1438, 1426, 1418]],
  ["AES_CBC", "HMAC_SHA2_256_128", "aes256-sha256-ecp256", [1438, 1422, 1406, 1406]],
  ["AES_CBC", "HMAC_SHA1_96", "aes128-sha1", [1438, 1422, 1422, 1406]],
  ["AES_CBC", "HMAC_SHA1_160", "aes128 - sha1_160", [1422, 1422, 1406, 1406]],
  ["AES_CBC", "HMAC_SHA2_512_256", "aes256-sha512", [1422, 1406, 1390, 1390]],
] as const;

describe("the inner MTU", () => {
  for (const [encryption, integrity, proposal, expected] of table) {
    const over = (suite: ReturnType<typeof suiteOfSa>) =>
      ([4, 6] as const).flatMap((family) =>
        [false, true].map((encapsulated) => innerMtu({ mtu: 1500, family, encapsulated }, suite)),
      );
    it(`of ${encryption} ${integrity ?? ""}, as negotiated`, () => {
      assert.deepEqual(over(suiteOfSa(encryption, integrity)), expected);
    });
    it(`of ${proposal}, as proposed`, () => {
      assert.deepEqual(over(suiteOfProposals(proposal)), expected);
    });
  }

  it("of several proposals is the one of the largest overhead", () => {
    const both = suiteOfProposals("aes256gcm16, aes256-sha512");
    assert.equal(innerMtu({ mtu: 1500, family: 4, encapsulated: false }, both), 1422);
  });
});
