import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatPrefix, parsePrefix, type Prefix } from "../net/prefix.ts";
import type { SelectorMode } from "./schema/child.ts";
import { childKeyOf, childSelectors, type SelectorSet } from "./selector-sets.ts";

const networks = (texts: readonly string[]) => texts.map((text) => parsePrefix(text) as Prefix);

const textOf = ({ name, local, remote }: SelectorSet) =>
  `${name}: ${local.map(formatPrefix).join()} to ${remote.map(formatPrefix).join()}`;

const selectorsOf = (mode: SelectorMode, local: readonly string[], remote: readonly string[]) =>
  childSelectors("erp", mode, { local: networks(local), remote: networks(remote) });

const setsOf = (...args: Parameters<typeof selectorsOf>) =>
  selectorsOf(...args).selectorSets.map(textOf);

const pairSetsOf = (...args: Parameters<typeof selectorsOf>) =>
  selectorsOf(...args).pairSets.map(textOf);

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

  it("pair no networks of different address families", () => {
    assert.deepEqual(
      setsOf("perPair", ["10.0.2.0/24", "fd00:2::/64"], ["10.1.0.0/24", "fd00:1::/64"]),
      [
        "erp#10.0.2.0/24=10.1.0.0/24: 10.0.2.0/24 to 10.1.0.0/24",
        "erp#fd00:2::/64=fd00:1::/64: fd00:2::/64 to fd00:1::/64",
      ],
    );
  });

  it("are a single set in the automatic mode, with the pairs for a peer that accepts only one", () => {
    assert.deepEqual(setsOf("automatic", ["10.0.2.0/24"], remote), [
      "erp: 10.0.2.0/24 to 10.1.0.0/24,10.2.0.0/24",
    ]);
    assert.deepEqual(pairSetsOf("automatic", ["10.0.2.0/24"], remote), [
      "erp#10.0.2.0/24=10.1.0.0/24: 10.0.2.0/24 to 10.1.0.0/24",
      "erp#10.0.2.0/24=10.2.0.0/24: 10.0.2.0/24 to 10.2.0.0/24",
    ]);
    assert.deepEqual(pairSetsOf("together", ["10.0.2.0/24"], remote), []);
    assert.deepEqual(pairSetsOf("automatic", ["10.0.2.0/24"], ["10.1.0.0/24"]), []);
  });

  it("are never more than 64 in the automatic mode", () => {
    const many = Array.from({ length: 65 }, (_, i) => `10.1.${i}.0/24`);
    assert.equal(pairSetsOf("automatic", ["10.0.2.0/24"], many.slice(1)).length, 64);
    assert.deepEqual(pairSetsOf("automatic", ["10.0.2.0/24"], many), []);
  });

  it("leave out a network within another one, as charon does", () => {
    assert.equal(setsOf("perPair", ["10.0.2.0/24"], ["10.0.0.0/8", "10.20.0.0/16"]).length, 1);
  });

  it("have names from which the child's key can be derived", () => {
    assert.equal(childKeyOf("erp#10.0.2.0/24=10.1.0.0/24"), "erp");
    assert.equal(childKeyOf("erp"), "erp");
  });
});
