import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SimulatedTransport } from "../../../test/simulator/kernel/transport.ts";
import { NetlinkError } from "../linux/errors.ts";
import { NftError } from "./libnftables.ts";
import { missingRequirement, type FilterAccess } from "./requirements.ts";

/** A kernel that refuses to list tables with a code, and commands that contain a word. */
function kernel(refusal: { readonly list?: string; readonly word?: string }): FilterAccess {
  const check = (op: string, _: string | undefined, commands: string) => {
    if (refusal.word === undefined || !commands.includes(refusal.word)) return;
    throw new NftError(op, "Could not process rule: No such file or directory");
  };
  const netlink = new SimulatedTransport(() =>
    refusal.list === undefined ? { type: 0, bodies: [] } : { code: refusal.list },
  );
  return { netlink, nft: { run: check, check } };
}

const withHash = "jhash ip saddr mod 256";
const missing = (refusal: { list?: string; word?: string }, rules = withHash) =>
  missingRequirement("/run/netns/gw", rules, kernel(refusal)) ?? "";

describe("the requirements of packet filters", () => {
  it("are complete if the kernel accepts everything", () => {
    assert.equal(missing({}), "");
  });

  for (const code of ["EPROTONOSUPPORT", "EINVAL", "EOPNOTSUPP", "ENOENT"]) {
    it(`lack nf_tables if the kernel answers ${code}`, () => {
      assert.match(missing({ list: code }), /no nf_tables .*module nf_tables.*CONFIG_NF_TABLES$/);
    });
  }

  it("lack the family inet if only its tables are refused", () => {
    assert.match(missing({ word: "table inet" }), /family inet .*CONFIG_NF_TABLES_INET$/);
  });

  it("lack the hash expression if it is refused, and only for rules that contain it", () => {
    const message = missing({ word: "jhash" });
    assert.match(message, /no hashes in nf_tables .*module nft_hash.*CONFIG_NFT_HASH$/);
    assert.match(message, /Could not process rule: No such file or directory/);
    assert.equal(missing({ word: "jhash" }, "tcp flags syn accept"), "");
  });

  it("lack the family netdev if its tables are refused, and only for rules at a device", () => {
    const device = "type filter hook ingress device";
    const message = missing({ word: "netdev" }, device);
    assert.match(message, /family netdev .*CONFIG_NF_TABLES_NETDEV$/);
    assert.equal(missing({ word: "netdev" }), "");
    assert.equal(missing({}, device), "");
  });

  for (const code of ["EPERM", "EMFILE", "ENOBUFS"]) {
    it(`are unknown if the kernel answers ${code}, which does not depend on its parts`, () => {
      assert.equal(missing({ list: code, word: "table" }), "");
    });
  }

  it("lack libnftables if it cannot be loaded", () => {
    const check = () => {
      throw new NftError("load libnftables.so.1", "install it", { code: "UNAVAILABLE" });
    };
    const access = { ...kernel({}), nft: { run: check, check } };
    assert.match(missingRequirement(undefined, "", access) ?? "", /load libnftables.so.1: install/);
  });

  it("are unknown if the namespace does not exist", () => {
    const netlink = new SimulatedTransport(() => ({ type: 0, bodies: [] }));
    netlink.open = () => {
      throw new NetlinkError("open /run/netns/gone", 2);
    };
    assert.equal(missingRequirement("gone", "", { ...kernel({}), netlink }), undefined);
  });
});
