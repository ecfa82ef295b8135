import assert from "node:assert/strict";
import { constants } from "node:os";
import { describe, it } from "node:test";
import { NetlinkError } from "../linux/errors.ts";
import { NftError } from "./libnftables.ts";
import { missingRequirement, type RequirementProbes } from "./requirements.ts";

/** A kernel that refuses to list tables, or commands with a word. */
function kernel(refusal: { readonly list?: string; readonly word?: string }): RequirementProbes {
  return {
    listTables: () => {
      const errno = Object.entries(constants.errno).find(([name]) => name === refusal.list);
      if (errno !== undefined) throw new NetlinkError("list tables", errno[1]);
    },
    check: (op, _, commands) => {
      if (refusal.word === undefined || !commands.includes(refusal.word)) return;
      throw new NftError(op, "Could not process rule: No such file or directory");
    },
  };
}

const withHash = "jhash ip saddr mod 256";
const missing = (refusal: { list?: string; word?: string }, rules = withHash) =>
  missingRequirement("/run/netns/gw", rules, kernel(refusal)) ?? "";

describe("what packet filters need", () => {
  it("is not missing where the kernel accepts everything", () => {
    assert.equal(missing({}), "");
  });

  for (const code of ["EPROTONOSUPPORT", "EINVAL", "EOPNOTSUPP", "ENOENT"]) {
    it(`is nf_tables where the kernel answers ${code}`, () => {
      assert.match(missing({ list: code }), /no nf_tables .*module nf_tables.*CONFIG_NF_TABLES$/);
    });
  }

  it("is the family inet where its tables alone are refused", () => {
    assert.match(missing({ word: "table inet" }), /family inet .*CONFIG_NF_TABLES_INET$/);
  });

  it("is the hash expression where rules with it alone are refused, and only for such rules", () => {
    const words = missing({ word: "jhash" });
    assert.match(words, /no hashes in nf_tables .*module nft_hash.*CONFIG_NFT_HASH$/);
    assert.match(words, /Could not process rule: No such file or directory/);
    assert.equal(missing({ word: "jhash" }, "tcp flags syn accept"), "");
  });

  for (const code of ["EPERM", "EMFILE", "ENOBUFS"]) {
    it(`is unknown where the kernel answers ${code}, which says nothing about it`, () => {
      assert.equal(missing({ list: code, word: "table" }), "");
    });
  }

  it("is libnftables where that cannot be loaded", () => {
    const probes = {
      ...kernel({}),
      check: () => {
        throw new NftError("load libnftables.so.1", "install it", { code: "UNAVAILABLE" });
      },
    };
    assert.match(missingRequirement(undefined, "", probes) ?? "", /load libnftables.so.1: install/);
  });
});
