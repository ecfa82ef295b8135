import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Allocation } from "./allocation.ts";
import { parseRange, type AddressRange } from "../net/address-pool.ts";
import { formatPrefix, parsePrefix, type Prefix } from "../net/prefix.ts";

const range = (text: string) => parseRange(text) as AddressRange;
/** The part of a child that addresses depend on. */
const child = {
  key: "lan",
  xfrmIp: parsePrefix("10.0.2.1/24") as Prefix,
  vxlanIp: parsePrefix("10.0.2.2/24") as Prefix,
  pools: new Map([
    ["primary", [range("10.0.2.3/24"), range("10.0.2.10-10.0.2.12")]],
    ["huge", [range("10.8.0.0-10.15.255.255/13")]],
  ]),
} as const;

const used = (...addresses: string[]) =>
  new Map([["lan", new Map(addresses.map((address) => [address, `pod default/${address}`]))]]);

function given(
  allocation: Allocation,
  request: Omit<Parameters<Allocation["take"]>[0], "child" | "namespace">,
): string {
  const outcome = allocation.take({ child, namespace: "default", ...request });
  return outcome.ok ? formatPrefix(outcome.address) : outcome.message;
}

describe("the allocation of addresses", () => {
  it("does not assign the addresses of Services, and names those of the author's namespace", () => {
    const services = new Map([
      ["10.0.2.3", "default/web"],
      ["10.0.2.10", "other/web"],
    ]);
    const allocation = new Allocation(new Map(), [], services);
    assert.equal(allocation.countFree(child, "primary"), 2);
    assert.equal(given(allocation, { pool: "primary" }), "10.0.2.11/24");
    const taken = ["10.0.2.3", "10.0.2.10"].map((address) =>
      given(allocation, { pool: "primary", address }),
    );
    assert.deepEqual(taken, [
      '10.0.2.3 of pool "primary" is taken: Service default/web has it',
      '10.0.2.10 of pool "primary" is taken',
    ]);
  });

  it("assigns each address once, entry by entry", () => {
    const allocation = new Allocation(new Map(), []);
    const all = Array.from({ length: 4 }, () => given(allocation, { pool: "primary" }));
    assert.deepEqual(all, ["10.0.2.3/24", "10.0.2.10/24", "10.0.2.11/24", "10.0.2.12/24"]);
    assert.match(
      given(allocation, { pool: "primary" }),
      /no free address: all 4 are given; add some/,
    );
  });

  it("assigns no address that a pod has or that is reserved", () => {
    const allocation = new Allocation(used("10.0.2.3"), ["10.0.2.10"]);
    assert.equal(given(allocation, { pool: "primary" }), "10.0.2.11/24");
  });

  it("counts the free addresses of each pool", () => {
    const allocation = new Allocation(used("10.0.2.3", "10.8.0.7", "10.0.2.99"), [
      "10.0.2.10",
      "10.8.0.7",
    ]);
    assert.equal(allocation.countFree(child, "primary"), 2);
    assert.equal(allocation.countFree(child, "huge"), 2 ** 19 - 1);
    given(allocation, { pool: "primary" });
    assert.equal(allocation.countFree(child, "primary"), 1);
  });

  it("ignores the addresses of another child's pods", () => {
    const others = new Map([["wan", new Map([["10.0.2.3", "pod default/a"]])]]);
    assert.equal(given(new Allocation(others, []), { pool: "primary" }), "10.0.2.3/24");
  });

  it("assigns a requested address, or names the pod that has it", () => {
    const allocation = new Allocation(used("10.0.2.11"), []);
    assert.equal(given(allocation, { pool: "primary", address: "10.0.2.12" }), "10.0.2.12/24");
    assert.match(
      given(allocation, { pool: "primary", address: "10.0.2.11" }),
      /10\.0\.2\.11 of pool "primary" is taken: pod default\/10\.0\.2\.11 has it/,
    );
    assert.match(
      given(allocation, { pool: "primary", address: "10.0.9.9" }),
      /is not an address of pool/,
    );
  });

  it("names no pod of another namespace", () => {
    const allocation = new Allocation(used("10.0.2.11"), []);
    for (const namespace of ["tenant", "defaul", "default/x", ""]) {
      const outcome = allocation.take({ child, namespace, pool: "primary", address: "10.0.2.11" });
      assert.deepEqual(outcome, {
        ok: false,
        taken: true,
        message: '10.0.2.11 of pool "primary" is taken',
      });
    }
  });

  it("counts ordinals across the ranges of a pool", () => {
    const allocation = new Allocation(new Map(), []);
    assert.equal(given(allocation, { pool: "primary", ordinal: 2 }), "10.0.2.11/24");
    assert.match(
      given(allocation, { pool: "primary", ordinal: 4 }),
      /4 addresses, and none for ordinal 4/,
    );
  });

  it("does not enumerate a pool of half a million", () => {
    const allocation = new Allocation(new Map(), []);
    assert.equal(allocation.free(child, "huge", 3).length, 3);
    assert.equal(given(allocation, { pool: "huge", ordinal: 500_000 }), "10.15.161.32/13");
  });
});
