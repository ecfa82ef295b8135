import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseRange, type AddressRange } from "../net/address-pool.ts";
import type { AddressRequest } from "./allocation.ts";
import { formatPrefix, parsePrefix, type Prefix } from "../net/prefix.ts";
import { Prefetch, type PrefetchedAddress } from "./prefetch.ts";

const childWith = (range: string) =>
  ({
    key: "lan",
    xfrmIp: parsePrefix("10.0.2.1/24") as Prefix,
    vxlanIp: parsePrefix("10.0.2.2/24") as Prefix,
    pools: new Map([["primary", [parseRange(range) as AddressRange]]]),
  }) as const;
const child = childWith("10.0.2.10-10.0.2.99");
const request: AddressRequest = { child, pool: "primary", namespace: "default" };

const prefetched = (n: number, since: number): PrefetchedAddress => ({
  address: parsePrefix(`10.0.2.${n}/24`) as Prefix,
  reservationId: `id-${n}`,
  since,
});

/** A prefetch with this number of requests in the second before `now`, at an even pace. */
function requestedFrom(times: number, now: number): Prefetch {
  const prefetch = new Prefetch(5_000);
  for (let i = times - 1; i >= 0; i--) {
    prefetch.request(request, now - Math.round((i * 1_000) / Math.max(times - 1, 1)));
  }
  return prefetch;
}

const text = (entry: PrefetchedAddress | undefined) => entry && formatPrefix(entry.address);

describe("the prefetched addresses", () => {
  it("cover twice the recent demand, and at least a minimum", () => {
    assert.deepEqual(requestedFrom(0, 0).refills(0), []);
    const few = requestedFrom(1, 0).refills(0);
    assert.deepEqual(
      few.map(({ count }) => count),
      [16],
    );
    assert.deepEqual(
      requestedFrom(10, 0)
        .refills(0)
        .map(({ count }) => count),
      [20],
    );
    assert.deepEqual(requestedFrom(10, 0).refills(1_001), []);
    assert.deepEqual(
      requestedFrom(500, 0)
        .refills(0)
        .map(({ count }) => count),
      [128],
    );
  });

  it("cover a burst that continues at its present rate", () => {
    const prefetch = new Prefetch(5_000);
    for (const now of [0, 20, 40, 60, 80, 100]) prefetch.request(request, now);
    const counts = (now: number) => prefetch.refills(now).map(({ count }) => count);
    assert.deepEqual(counts(100), [48]);
    assert.deepEqual(counts(500), [24]);
    assert.deepEqual(counts(900), [16]);
  });

  it("are refilled when three quarters are used", () => {
    const prefetch = requestedFrom(20, 0);
    const entries = Array.from({ length: 9 }, (_, i) => prefetched(10 + i, 0));
    prefetch.put(child, "primary", entries);
    assert.equal(prefetch.refills(0).length, 1);
    prefetch.put(child, "primary", [prefetched(20, 0)]);
    assert.equal(prefetch.refills(0).length, 0);
    const { found, needsRefill } = prefetch.request({ ...request, address: "10.0.2.20" }, 0);
    assert.equal(text(found), "10.0.2.20/24");
    assert.ok(needsRefill);
  });

  it("have the minimum while only other replicas assign addresses, and count that demand after a request here", () => {
    const prefetch = new Prefetch(5_000);
    assert.equal(prefetch.noteGiven(child, "primary", 0), false);
    assert.deepEqual(prefetch.refills(0), []);
    for (let i = 0; i < 9; i++) assert.equal(prefetch.noteGiven(child, "primary", 0), true);
    const counts = (now: number) => prefetch.refills(now).map(({ count }) => count);
    assert.deepEqual(counts(0), [16]);
    prefetch.request(request, 500);
    assert.deepEqual(counts(500), [20]);
    assert.deepEqual(counts(1_501), []);
  });

  it("are assigned once, the oldest first", () => {
    const prefetch = requestedFrom(10, 0);
    prefetch.put(child, "primary", [prefetched(10, 0), prefetched(11, 0)]);
    assert.deepEqual(
      [1, 2, 3].map((now) => text(prefetch.take(request, now))),
      ["10.0.2.10/24", "10.0.2.11/24", undefined],
    );
  });

  it("are assigned to every waiting request, or to none", () => {
    const prefetch = requestedFrom(10, 0);
    prefetch.put(child, "primary", [prefetched(10, 0), prefetched(11, 0)]);
    const that = { ...request, address: "10.0.2.10" };
    assert.equal(prefetch.takeAll([that, request, request], 1), undefined);
    assert.deepEqual(prefetch.takeAll([request, that], 1), undefined);
    assert.deepEqual(prefetch.takeAll([that, request], 1)?.found.map(text), [
      "10.0.2.10/24",
      "10.0.2.11/24",
    ]);
    assert.equal(prefetch.take(request, 1), undefined);
  });

  it("are assigned to a request for exactly that address", () => {
    const prefetch = requestedFrom(10, 0);
    prefetch.put(child, "primary", [prefetched(10, 0), prefetched(11, 0)]);
    assert.equal(text(prefetch.take({ ...request, address: "10.0.2.11" }, 1)), "10.0.2.11/24");
    assert.equal(prefetch.take({ ...request, address: "10.0.2.11" }, 1), undefined);
    assert.equal(prefetch.take({ ...request, ordinal: 0 }, 1), undefined);
  });

  it("are only addresses that the store still has under the same reservation", () => {
    const prefetch = requestedFrom(10, 0);
    prefetch.put(child, "primary", [prefetched(10, 0), prefetched(11, 0), prefetched(12, 0)]);
    prefetch.retain({ "10.0.2.10": "another", "10.0.2.12": "id-12" });
    assert.equal(text(prefetch.take(request, 1)), "10.0.2.12/24");
    assert.equal(prefetch.take(request, 1), undefined);
  });

  it("are released when demand ends", () => {
    const prefetch = requestedFrom(10, 0);
    prefetch.put(child, "primary", [prefetched(10, 0)]);
    assert.deepEqual(prefetch.takeUnused(900), []);
    assert.deepEqual(prefetch.takeUnused(1_100).map(text), ["10.0.2.10/24"]);
    assert.ok(prefetch.isEmpty);
    assert.equal(prefetch.take(request, 1_100), undefined);
  });

  it("are not assigned after their lifetime, or once the pool no longer contains them", () => {
    const prefetch = requestedFrom(10, 9_000);
    prefetch.put(child, "primary", [prefetched(10, 0), prefetched(11, 9_000)]);
    const smaller = childWith("10.0.2.12-10.0.2.99");
    assert.equal(prefetch.take({ ...request, child: smaller }, 9_000), undefined);
    assert.deepEqual(prefetch.takeUnused(9_000).map(text), ["10.0.2.10/24", "10.0.2.11/24"]);
  });
});
