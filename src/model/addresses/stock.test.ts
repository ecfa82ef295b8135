import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseRange, type AddressRange } from "../net/address-pool.ts";
import type { AddressWish } from "./allocation.ts";
import type { Child } from "../api/connection.ts";
import { formatPrefix, parsePrefix, type Prefix } from "../net/prefix.ts";
import { Stock, type Ahead } from "./stock.ts";

const childWith = (range: string) =>
  ({
    key: "lan",
    pools: new Map([["primary", [parseRange(range) as AddressRange]]]),
  }) as unknown as Child;
const child = childWith("10.0.2.10-10.0.2.99");
const wish: AddressWish = { child, pool: "primary", namespace: "default" };

const ahead = (n: number, since: number): Ahead => ({
  address: parsePrefix(`10.0.2.${n}/24`) as Prefix,
  stamp: `stamp-${n}`,
  since,
});

/** A stock that so many have asked in the second before `now`, at an even pace. */
function askedFor(times: number, now: number): Stock {
  const stock = new Stock(5_000);
  for (let i = times - 1; i >= 0; i--) {
    stock.noteAsked(wish, now - Math.round((i * 1_000) / Math.max(times - 1, 1)));
  }
  return stock;
}

const text = (entry: Ahead | undefined) => entry && formatPrefix(entry.address);

describe("what is reserved before anybody asked", () => {
  it("lasts for twice what was asked for lately, and a little longer for few", () => {
    assert.deepEqual(askedFor(0, 0).shortages(0), []);
    const few = askedFor(1, 0).shortages(0);
    assert.deepEqual(
      few.map(({ count }) => count),
      [16],
    );
    assert.deepEqual(
      askedFor(10, 0)
        .shortages(0)
        .map(({ count }) => count),
      [20],
    );
    assert.deepEqual(askedFor(10, 0).shortages(1_001), []);
    assert.deepEqual(
      askedFor(500, 0)
        .shortages(0)
        .map(({ count }) => count),
      [128],
    );
  });

  it("is for as many as will come if it goes on as it began", () => {
    const stock = new Stock(5_000);
    for (const now of [0, 20, 40, 60, 80, 100]) stock.noteAsked(wish, now);
    const counts = (now: number) => stock.shortages(now).map(({ count }) => count);
    assert.deepEqual(counts(100), [48]);
    assert.deepEqual(counts(500), [24]);
    assert.deepEqual(counts(900), [16]);
  });

  it("is filled up when three quarters are gone", () => {
    const stock = askedFor(20, 0);
    const entries = Array.from({ length: 9 }, (_, i) => ahead(10 + i, 0));
    stock.put(child, "primary", entries);
    assert.equal(stock.isShort(wish, 0), true);
    stock.put(child, "primary", [ahead(20, 0)]);
    assert.equal(stock.isShort(wish, 0), false);
  });

  it("is a few where others gave lately, unless it was to one, and as much as theirs once somebody asks", () => {
    const stock = new Stock(5_000);
    assert.equal(stock.noteGiven(child, "primary", 0), false);
    assert.deepEqual(stock.shortages(0), []);
    for (let i = 0; i < 9; i++) assert.equal(stock.noteGiven(child, "primary", 0), true);
    const counts = (now: number) => stock.shortages(now).map(({ count }) => count);
    assert.deepEqual(counts(0), [16]);
    stock.noteAsked(wish, 500);
    assert.deepEqual(counts(500), [20]);
    assert.deepEqual(counts(1_501), []);
  });

  it("is given once, the oldest first", () => {
    const stock = askedFor(10, 0);
    stock.put(child, "primary", [ahead(10, 0), ahead(11, 0)]);
    assert.deepEqual(
      [1, 2, 3].map((now) => text(stock.take(wish, now))),
      ["10.0.2.10/24", "10.0.2.11/24", undefined],
    );
  });

  it("is given to all who wait, or to none of them", () => {
    const stock = askedFor(10, 0);
    stock.put(child, "primary", [ahead(10, 0), ahead(11, 0)]);
    const that = { ...wish, address: "10.0.2.10" };
    assert.equal(stock.takeAll([that, wish, wish], 1), undefined);
    assert.deepEqual(stock.takeAll([wish, that], 1), undefined);
    assert.deepEqual(stock.takeAll([that, wish], 1)?.map(text), ["10.0.2.10/24", "10.0.2.11/24"]);
    assert.equal(stock.take(wish, 1), undefined);
  });

  it("is given to who wants just that", () => {
    const stock = askedFor(10, 0);
    stock.put(child, "primary", [ahead(10, 0), ahead(11, 0)]);
    assert.equal(text(stock.take({ ...wish, address: "10.0.2.11" }, 1)), "10.0.2.11/24");
    assert.equal(stock.take({ ...wish, address: "10.0.2.11" }, 1), undefined);
    assert.equal(stock.take({ ...wish, ordinal: 0 }, 1), undefined);
  });

  it("is only what the store still has by the same reservation", () => {
    const stock = askedFor(10, 0);
    stock.put(child, "primary", [ahead(10, 0), ahead(11, 0), ahead(12, 0)]);
    stock.retain({ "10.0.2.10": "another", "10.0.2.12": "stamp-12" });
    assert.equal(text(stock.take(wish, 1)), "10.0.2.12/24");
    assert.equal(stock.take(wish, 1), undefined);
  });

  it("is let go of when nobody asks any more", () => {
    const stock = askedFor(10, 0);
    stock.put(child, "primary", [ahead(10, 0)]);
    assert.deepEqual(stock.takeUnwanted(900), []);
    assert.deepEqual(stock.takeUnwanted(1_100).map(text), ["10.0.2.10/24"]);
    assert.ok(stock.isEmpty);
    assert.equal(stock.take(wish, 1_100), undefined);
  });

  it("is nobody's when it was reserved for too long, or is of the pool no more", () => {
    const stock = askedFor(10, 9_000);
    stock.put(child, "primary", [ahead(10, 0), ahead(11, 9_000)]);
    const smaller = childWith("10.0.2.12-10.0.2.99");
    assert.equal(stock.take({ ...wish, child: smaller }, 9_000), undefined);
    assert.deepEqual(stock.takeUnwanted(9_000).map(text), ["10.0.2.10/24", "10.0.2.11/24"]);
  });
});
