import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parsePrefix, type Prefix } from "../net/prefix.ts";
import {
  admittedPod,
  isPrefetched,
  isReservationId,
  prefetchStamp,
  reservationId,
  reservationStamp,
} from "./reservation.ts";
import { SegmentKey } from "../network/segment-key.ts";

const now = Date.parse("2026-01-02T03:04:05.006Z");
const key = new SegmentKey(Buffer.alloc(32, 1));
const prefix = (text: string) => parsePrefix(text) as Prefix;
const reserved = {
  connection: "partner",
  child: "net",
  pool: "primary",
  address: prefix("10.0.2.3/24"),
  reservedAt: reservationStamp(now, 0.5),
};

describe("the stamp of a reservation", () => {
  const randoms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  it("is a time that others read", () => {
    for (const stamp of [reservationStamp(now, 0.123), prefetchStamp(now, 0.999)]) {
      assert.match(stamp, /^2026-01-02T03:04:05\.006\d{6}Z$/);
      assert.equal(Date.parse(stamp), now);
    }
  });

  it("shows whether a pod had asked for the address", () => {
    fc.assert(
      fc.property(randoms, (random) => {
        assert.ok(!isPrefetched(reservationStamp(now, random)));
        assert.ok(isPrefetched(prefetchStamp(now, random)));
        assert.equal(reservationStamp(now, random).length, prefetchStamp(now, random).length);
      }),
    );
  });

  it("differs for reservations of one millisecond", () => {
    assert.notEqual(reservationStamp(now, 0.1), reservationStamp(now, 0.2));
  });
});

describe("the id of a reservation", () => {
  const named = { namespace: "bank", name: "web-0", generateName: "web-" };
  const id = reservationId(key, { ...admittedPod(named), ...reserved });

  it("is valid for the pod that it was made for", () => {
    assert.match(id, /^[0-9a-f]{32}$/);
    assert.ok(isReservationId(id, key, named, reserved));
  });

  it("is valid for a pod whose name was generated after it was admitted", () => {
    const admitted = admittedPod({ namespace: "bank", generateName: "web-" });
    const generated = reservationId(key, { ...admitted, ...reserved });
    const stored = { namespace: "bank", name: "web-x7k2p", generateName: "web-" };
    assert.ok(isReservationId(generated, key, stored, reserved));
    assert.ok(!isReservationId(generated, key, { ...stored, generateName: "db-" }, reserved));
    assert.ok(!isReservationId(generated, key, { namespace: "bank", name: "web-" }, reserved));
  });

  it("is not valid for another pod, key or fact", () => {
    const other = new SegmentKey(Buffer.alloc(32, 2));
    assert.ok(!isReservationId(id, other, named, reserved));
    assert.ok(!isReservationId(id, key, { ...named, namespace: "tenant" }, reserved));
    assert.ok(!isReservationId(id, key, { ...named, name: "web-1" }, reserved));
    for (const change of [
      { connection: "other" },
      { child: "other" },
      { pool: "other" },
      { address: prefix("10.0.2.4/24") },
      { address: prefix("10.0.2.3/16") },
      { reservedAt: reservationStamp(now, 0.6) },
    ]) {
      assert.ok(!isReservationId(id, key, named, { ...reserved, ...change }));
    }
    for (const text of ["", id.slice(1), `${id}0`, id.toUpperCase(), "é".repeat(16)]) {
      assert.ok(!isReservationId(text, key, named, reserved), text);
    }
  });
});
