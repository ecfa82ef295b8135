import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parsePrefix, type Prefix } from "../net/prefix.ts";
import {
  admittedPod,
  isPrefetched,
  isReservationProof,
  newPrefetchId,
  reservationProof,
  newReservationId,
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
  reservationId: newReservationId(now, 0.5),
};

describe("the id of a reservation", () => {
  const randoms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  it("is a time that other programs can parse", () => {
    for (const reservationId of [newReservationId(now, 0.123), newPrefetchId(now, 0.999)]) {
      assert.match(reservationId, /^2026-01-02T03:04:05\.006\d{6}Z$/);
      assert.equal(Date.parse(reservationId), now);
    }
  });

  it("shows whether the address was prefetched", () => {
    fc.assert(
      fc.property(randoms, (random) => {
        assert.ok(!isPrefetched(newReservationId(now, random)));
        assert.ok(isPrefetched(newPrefetchId(now, random)));
        assert.equal(newReservationId(now, random).length, newPrefetchId(now, random).length);
      }),
    );
  });

  it("differs between reservations of one millisecond", () => {
    assert.notEqual(newReservationId(now, 0.1), newReservationId(now, 0.2));
  });
});

describe("the proof of a reservation", () => {
  const named = { namespace: "bank", name: "web-0", generateName: "web-" };
  const proof = reservationProof(key, { ...admittedPod(named), ...reserved });

  it("is valid for the pod that it was made for", () => {
    assert.match(proof, /^[0-9a-f]{32}$/);
    assert.ok(isReservationProof(proof, key, named, reserved));
  });

  it("is valid for a pod whose name was generated after it was admitted", () => {
    const admitted = admittedPod({ namespace: "bank", generateName: "web-" });
    const generated = reservationProof(key, { ...admitted, ...reserved });
    const stored = { namespace: "bank", name: "web-x7k2p", generateName: "web-" };
    assert.ok(isReservationProof(generated, key, stored, reserved));
    assert.ok(!isReservationProof(generated, key, { ...stored, generateName: "db-" }, reserved));
    assert.ok(!isReservationProof(generated, key, { namespace: "bank", name: "web-" }, reserved));
  });

  it("is not valid for another pod, key or fact", () => {
    const other = new SegmentKey(Buffer.alloc(32, 2));
    assert.ok(!isReservationProof(proof, other, named, reserved));
    assert.ok(!isReservationProof(proof, key, { ...named, namespace: "tenant" }, reserved));
    assert.ok(!isReservationProof(proof, key, { ...named, name: "web-1" }, reserved));
    for (const change of [
      { connection: "other" },
      { child: "other" },
      { pool: "other" },
      { address: prefix("10.0.2.4/24") },
      { address: prefix("10.0.2.3/16") },
      { reservationId: newReservationId(now, 0.6) },
    ]) {
      assert.ok(!isReservationProof(proof, key, named, { ...reserved, ...change }));
    }
    for (const text of ["", proof.slice(1), `${proof}0`, proof.toUpperCase(), "é".repeat(16)]) {
      assert.ok(!isReservationProof(text, key, named, reserved), text);
    }
  });
});
