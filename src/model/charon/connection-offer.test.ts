import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { childSpec, connectionSpec } from "../../../lab/sites/manifests.ts";
import { simulatedAlgorithms } from "../../../test/simulator/charon/algorithms.ts";
import { connectionFromCr } from "../validation/connection-from-cr.ts";
import { offerFor } from "./connection-offer.ts";
import type { CharonVersion } from "./proposals/charon-version.ts";

const hybrid = "aes256gcm16-prfsha256-x25519-ke1_mlkem768";
const classic = "aes256gcm16-prfsha256-x25519";

/** The proposals that a charon of a version offers, or the failure; and what is left out. */
function offered(version: CharonVersion, ike: string, esp = "aes256-sha256-ecp256") {
  const child = childSpec(2, { extra: { esp_proposals: esp } });
  const changes = { extra: { proposals: ike }, children: { "child-2": child } };
  const result = connectionFromCr(connectionSpec("one", changes));
  assert.ok(result.ok, ike);
  const offer = offerFor(result.value, simulatedAlgorithms(version));
  if (!offer.ok) return `${offer.failure.reason}: ${offer.failure.message}`;
  const { message, omitted = "" } = offer.offer;
  const { proposals, children } = message["one"] as {
    proposals: string[];
    children: Record<string, { esp_proposals: string[] }>;
  };
  return [proposals.join(","), children["child-2"]?.esp_proposals.join(","), omitted];
}

describe("the offer of a charon", () => {
  it("has every proposal that the charon supports", () => {
    assert.deepEqual(offered("6.1.0", `${hybrid},${classic}`, "aes256gcm16-x25519-ke1_mlkem768"), [
      `${hybrid},${classic}`,
      "aes256gcm16-x25519-ke1_mlkem768",
      "",
    ]);
  });

  it("leaves out proposals of another version, if others remain, and names them", () => {
    assert.deepEqual(offered("5.9.8", `${hybrid},${classic}`), [
      classic,
      "aes256-sha256-ecp256",
      `charon 5.9.8 does not offer "${hybrid}", since it has no ke1_mlkem768`,
    ]);
  });

  it("is refused if no proposal of a list remains", () => {
    assert.equal(
      offered("5.9.8", hybrid),
      "AlgorithmUnsupported: charon 5.9.8 has no ke1_mlkem768, so it cannot use proposals of the connection",
    );
    assert.match(
      String(offered("5.9.8", classic, "aes256gcm16-x25519-ke1_mlkem768,aes256gcm16-mlkem512")),
      /has no ke1_mlkem768, mlkem512, so it cannot use esp_proposals of child child-2/,
    );
  });

  it("is refused once for all pairs of networks of a child", () => {
    const child = childSpec(2, {
      selectorMode: "perPair",
      remote_ips: ["10.1.2.0/24", "10.7.0.0/16"],
      extra: { esp_proposals: "aes256gcm16-mlkem768" },
    });
    const result = connectionFromCr(connectionSpec("one", { children: { "child-2": child } }));
    assert.ok(result.ok);
    const offer = offerFor(result.value, simulatedAlgorithms("5.9.8"));
    assert.equal(
      !offer.ok && offer.failure.message,
      "charon 5.9.8 has no mlkem768, so it cannot use esp_proposals of child child-2",
    );
  });

  it("depends on the plugins of the charon", () => {
    const twofish = "twofish256-sha256-modp2048";
    for (const version of ["5.9.8", "6.1.0"] as const)
      assert.match(String(offered(version, twofish)), /has no twofish256/);
    assert.equal(offered("5.9.8", "aes256-aesxcbc-modp2048")[2], "");
    assert.match(String(offered("6.1.0", "aes256-aesxcbc-modp2048")), /has no aesxcbc/);
  });

  it("keeps a proposal with an alternative that the charon supports", () => {
    assert.equal(offered("6.1.0", "aes256-aesxcbc-sha256-modp2048")[2], "");
  });

  it("does not judge the ciphers of ESP, which the kernel has", () => {
    assert.equal(offered("6.1.0", classic, "twofish256-sha256")[2], "");
    assert.equal(offered("6.1.0", classic, "aes256-sha256_96-modp2048-none")[2], "");
  });

  it("keeps the proposals that charon chooses by itself", () => {
    assert.deepEqual(offered("5.9.8", "default", "default"), ["default", "default", ""]);
  });

  it("has every proposal if the algorithms of the charon are not known", () => {
    const result = connectionFromCr(connectionSpec("one", { extra: { proposals: hybrid } }));
    assert.ok(result.ok);
    assert.equal(offerFor(result.value, undefined).ok, true);
  });
});
