import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pathConnections } from "../../model/api/path.ts";
import { connectionOf } from "../../../test/models/fixtures.ts";
import { pathChange } from "./path-change.ts";

const paths = [{ name: "main" }, { name: "backup", remoteAddr: "192.0.2.9" }];

/** Whether the IKE SA of the path main is replaced if the connection changes. */
function isReplaced(before: object, after: object): boolean | undefined {
  const [from, to] = [before, after].map((spec) => pathConnections(connectionOf(spec))[0]);
  return from && to && pathChange(from.connection, to.connection).ike;
}

describe("an IKE SA", () => {
  it("stays if its connection gets a second path, or loses it", () => {
    assert.equal(isReplaced({}, { paths }), false);
    assert.equal(isReplaced({ paths }, {}), false);
  });

  it("is replaced if a dpd_delay of its own changes, and not if `unique` does", () => {
    const [short, long] = [{ dpd_delay: "1s" }, { dpd_delay: "9s" }];
    assert.equal(isReplaced({ paths, extra: short }, { paths, extra: long }), true);
    assert.equal(isReplaced({ extra: short }, { paths, extra: short }), false);
    assert.equal(isReplaced({}, { extra: { unique: "keep" } }), false);
  });
});
