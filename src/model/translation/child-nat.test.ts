import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatAddress, parseAddress, type Address } from "../net/address.ts";
import { formatPrefix, parsePrefix, type Prefix } from "../net/prefix.ts";
import {
  actualRemote,
  natLines,
  remoteAsSeen,
  seenLocal,
  selectorsAsKnown,
  type ChildNat,
} from "./child-nat.ts";

const address = (text: string) => parseAddress(text) as Address;
const pair = (actual: string, seen: string) => ({
  actual: parsePrefix(actual) as Prefix,
  seen: parsePrefix(seen) as Prefix,
});
const nat: ChildNat = {
  addresses: undefined,
  local: [pair("10.0.5.0/24", "192.168.77.0/24")],
  remote: [pair("10.0.2.0/25", "172.31.2.0/25")],
};
const shared = (first: string, last = first): ChildNat => ({
  addresses: { first: address(first), last: address(last) },
  local: [],
  remote: [],
});
const textOf = (found: Address | undefined) => found && formatAddress(found);

describe("the translation of a child", () => {
  it("gives an address of one side as the other side knows it", () => {
    assert.equal(textOf(actualRemote(address("172.31.2.7"), nat)), "10.0.2.7");
    assert.equal(textOf(actualRemote(address("10.9.9.9"), nat)), "10.9.9.9");
    assert.equal(textOf(seenLocal(address("10.0.5.1"), nat)), "192.168.77.1");
    assert.equal(textOf(seenLocal(address("10.0.6.1"), nat)), "10.0.6.1");
    assert.equal(textOf(seenLocal(address("10.0.5.1"), shared("10.0.2.50"))), "10.0.2.50");
    assert.equal(seenLocal(address("10.0.5.1"), shared("10.0.2.50", "10.0.2.51")), undefined);
    assert.equal(textOf(seenLocal(address("10.0.5.1"), undefined)), "10.0.5.1");
  });

  it("gives the partner's networks as workers know them", () => {
    const networks = [parsePrefix("10.0.2.0/24") as Prefix];
    assert.deepEqual(remoteAsSeen(networks, nat).map(formatPrefix), [
      "10.0.2.128/25",
      "172.31.2.0/25",
    ]);
    assert.equal(remoteAsSeen(networks, undefined), networks);
  });

  it("gives the networks of selectors as workers know them", () => {
    const known = (translation: ChildNat | undefined, local: string[], remote: string[]) => {
      const networks = (texts: string[]) => texts.map((text) => parsePrefix(text) as Prefix);
      const selectors = { localSelectors: networks(local), remoteSelectors: networks(remote) };
      return selectorsAsKnown({ ...selectors, nat: translation });
    };
    assert.equal(
      known(nat, ["192.168.77.0/24", "10.8.0.0/16"], ["10.0.2.0/24"]),
      "10.0.5.0/24 10.8.0.0/16 with 10.0.2.128/25 172.31.2.0/25",
    );
    assert.equal(
      known(nat, ["192.168.77.64/26"], ["10.0.2.9/32"]),
      "10.0.5.64/26 with 172.31.2.9/32",
    );
    assert.equal(
      known(shared("10.99.0.5"), ["10.99.0.5/32"], ["10.1.0.0/16"]),
      "all workers with 10.1.0.0/16",
    );
    assert.equal(known(nat, [], ["10.0.2.0/24"]), undefined);
    assert.equal(known(undefined, ["10.0.5.0/24"], ["10.0.2.0/24"]), undefined);
  });

  it("is formatted as a line for each rule, the same one while it is unchanged", () => {
    assert.deepEqual(natLines({ nat }), [
      "the partner sees 10.0.5.0/24 as 192.168.77.0/24",
      "workers see 10.0.2.0/25 as 172.31.2.0/25",
    ]);
    assert.deepEqual(natLines({ nat: shared("10.0.2.50", "10.0.2.51") }), [
      "the partner sees workers as 10.0.2.50-10.0.2.51",
    ]);
    assert.equal(natLines({ nat }), natLines({ nat }));
    assert.deepEqual(natLines({}), []);
  });
});
