import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatPrefix, parsePrefix, type Prefix } from "../net/prefix.ts";
import type { SelectorMode } from "./schema/ipsec-connection.ts";
import { childKeyOf, selectorSets } from "./selector-sets.ts";

const networks = (texts: readonly string[]) => texts.map((text) => parsePrefix(text) as Prefix);

const setsOf = (mode: SelectorMode, local: readonly string[], remote: readonly string[]) =>
  selectorSets("erp", mode, { local: networks(local), remote: networks(remote) }).map(
    ({ name, local: ours, remote: theirs }) =>
      `${name}: ${ours.map(formatPrefix).join()} to ${theirs.map(formatPrefix).join()}`,
  );

describe("the selector sets of a child", () => {
  const remote = ["10.1.0.0/24", "10.2.0.0/24"];

  it("are a single set with all networks", () => {
    assert.deepEqual(setsOf("together", ["10.0.2.0/24"], remote), [
      "erp: 10.0.2.0/24 to 10.1.0.0/24,10.2.0.0/24",
    ]);
  });

  it("are one set for each pair, named after the pair", () => {
    assert.deepEqual(setsOf("perPair", ["10.0.2.0/24", "10.0.3.0/24"], ["10.1.0.0/24"]), [
      "erp#10.0.2.0/24=10.1.0.0/24: 10.0.2.0/24 to 10.1.0.0/24",
      "erp#10.0.3.0/24=10.1.0.0/24: 10.0.3.0/24 to 10.1.0.0/24",
    ]);
    assert.equal(setsOf("perPair", ["10.0.2.0/24", "10.0.3.0/24"], remote).length, 4);
  });

  it("have the child's name if there is only one pair", () => {
    assert.deepEqual(setsOf("perPair", ["10.0.2.0/24"], ["10.1.0.0/24"]), [
      "erp: 10.0.2.0/24 to 10.1.0.0/24",
    ]);
  });

  it("count an empty list as one network", () => {
    assert.deepEqual(setsOf("perPair", [], remote), [
      "erp#=10.1.0.0/24:  to 10.1.0.0/24",
      "erp#=10.2.0.0/24:  to 10.2.0.0/24",
    ]);
  });

  it("leave out a network within another one, as charon does", () => {
    assert.equal(setsOf("perPair", ["10.0.2.0/24"], ["10.0.0.0/8", "10.20.0.0/16"]).length, 1);
  });

  it("have names from which the child's key can be derived", () => {
    assert.equal(childKeyOf("erp#10.0.2.0/24=10.1.0.0/24"), "erp");
    assert.equal(childKeyOf("erp"), "erp");
  });
});
