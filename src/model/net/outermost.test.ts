import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { outermostNetworks } from "./outermost.ts";
import { formatPrefix, parsePrefix, type Prefix } from "./prefix.ts";

const outermost = (...texts: string[]) =>
  outermostNetworks(texts.map((text) => parsePrefix(text) as Prefix)).map(formatPrefix);

describe("the outermost networks of a list", () => {
  it("are those that are not within another one, in their order", () => {
    assert.deepEqual(outermost("10.20.0.0/16", "192.0.2.0/24", "10.0.0.0/8", "10.1.0.0/16"), [
      "192.0.2.0/24",
      "10.0.0.0/8",
    ]);
  });

  it("have one of two equal networks", () => {
    assert.deepEqual(outermost("10.0.0.0/8", "10.0.0.0/8"), ["10.0.0.0/8"]);
  });

  it("keep both families apart", () => {
    assert.deepEqual(outermost("0.0.0.0/0", "fd00::/64", "10.0.0.0/8"), ["0.0.0.0/0", "fd00::/64"]);
  });
});
