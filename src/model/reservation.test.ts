import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseAddress, type Address } from "./address.ts";
import { isStampOf, reservationStamp } from "./reservation.ts";

const address = parseAddress("10.0.2.3") as Address;
const now = Date.parse("2026-01-02T03:04:05.006Z");

describe("the stamp of a reservation", () => {
  const stamp = reservationStamp("default/a", address, now);

  it("is a time that others read", () => {
    assert.match(stamp, /^2026-01-02T03:04:05\.006\d{6}Z$/);
    assert.equal(Date.parse(stamp), now);
  });

  it("is its owner's and its address's alone", () => {
    assert.ok(isStampOf(stamp, "default/a", address));
    assert.ok(!isStampOf(stamp, "default/b", address));
    assert.ok(!isStampOf(stamp, "default/a", parseAddress("10.0.2.4") as Address));
  });
});
