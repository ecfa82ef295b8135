import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Child } from "../api/connection.ts";
import { formatPrefix } from "../net/prefix.ts";
import { rangeText } from "../translation/child-nat.ts";
import { connectionFromCr } from "./connection-from-cr.ts";
import { at, child, manifest, manifestCases, type Manifest } from "./manifests.fixture.ts";
import { mostProblems } from "./problem-list.ts";

/** The paths of the problems after a change of the walk-through's manifest. */
function paths(change: (cr: Manifest & Record<string, unknown>) => void): string[] {
  const cr = manifest() as Manifest & Record<string, unknown>;
  change(cr);
  const result = connectionFromCr(cr);
  return result.ok ? [] : result.problems.map(({ path }) => path);
}

describe("a connection's manifest", () => {
  it("of the walk-through is valid", () => {
    const result = connectionFromCr(manifest());
    assert.ok(result.ok);
    assert.equal(result.value.children[0]?.initiates, true);
  });

  for (const [what, change, expected] of manifestCases) {
    it(`${expected.length === 0 ? "accepts" : "refuses"} ${what}`, () => {
      assert.deepEqual(paths(change), expected);
    });
  }

  it("reports problems of shape and of meaning at once", () => {
    const found = paths((cr) => {
      Object.assign(child(cr), { if_id: "102", surprise: true, vxlan_ip: "10.0.2.1/24" });
      Object.assign(cr.spec, { localAddr: "fe80::1" });
      delete (cr.spec as Partial<Manifest["spec"]>).localId;
      child(cr).local_ips.push(7 as never, "10.0.2.9/24");
    });
    assert.deepEqual(found.toSorted(), [
      at(".if_id"),
      at(".local_ips[1]"),
      at(".local_ips[2]"),
      at(".surprise"),
      at(".vxlan_ip"),
      "spec.localAddr",
      "spec.localId",
    ]);
  });

  it("has the routes and pools that workloads use, and the selectors of the partner", () => {
    const cr = manifest();
    Object.assign(child(cr), {
      remote_ips: ["10.0.0.0/22"],
      nat: {
        source: { addresses: "10.0.2.4-10.0.2.5" },
        remote: [{ actual: "10.0.1.0/24", seen: "172.31.1.0/24" }],
      },
      ip_pools: { primary: ["10.0.2.3-10.0.2.9/24"] },
    });
    const result = connectionFromCr(cr);
    assert.ok(result.ok);
    const [{ routes, remoteSelectors, pools }] = result.value.children as [Child];
    assert.deepEqual(remoteSelectors.map(formatPrefix), ["10.0.0.0/22"]);
    assert.deepEqual(routes.map(formatPrefix), ["10.0.0.0/24", "10.0.2.0/23", "172.31.1.0/24"]);
    const ranges = pools.get("primary")?.map(rangeText);
    assert.deepEqual(ranges, ["10.0.2.3", "10.0.2.6-10.0.2.9"]);
  });

  for (const nothing of [null, 7, "text", [], {}, { spec: { children: { a: null, b: [] } } }]) {
    it(`refuses ${JSON.stringify(nothing)} without an exception`, () => {
      assert.equal(connectionFromCr(nothing).ok, false);
    });
  }

  it("reports every problem at once", () => {
    const found = paths((cr) => {
      cr.spec.remoteAddr = "?";
      cr.metadata.name = "X";
      child(cr).xfrm_ip = "?";
    });
    assert.deepEqual(found, ["metadata.name", "spec.remoteAddr", at(".xfrm_ip")]);
  });

  it("is refused for its size regardless of other problems", () => {
    assert.deepEqual(
      paths((cr) => {
        const one = { ...child(cr), if_id: 0 };
        cr.spec.children = Object.fromEntries(
          Array.from({ length: 4_000 }, (_, i) => [`c${i}`, one]),
        ) as never;
      }),
      ["spec.children"],
    );
  });

  it("has a bounded number of problems", () => {
    const found = paths((cr) => {
      child(cr).ip_pools.primary = Array.from({ length: 1_024 }, () => "?");
    });
    assert.equal(found.length, mostProblems + 1);
    assert.equal(found.at(-1), "…");
  });

  it("costs as much as several small ones with as many entries", () => {
    /** The CPU time of the thread, which other processes do not affect. */
    const seconds = (times: number, pools: number) => {
      const cr = largeManifest(pools);
      const before = process.threadCpuUsage();
      for (let i = 0; i < times; i++) assert.ok(connectionFromCr(cr).ok);
      const { user, system } = process.threadCpuUsage(before);
      return (user + system) / 1e6;
    };
    seconds(8, 8);
    const ratio = seconds(4, 32) / seconds(64, 2);
    // The ratio is 16 if each entry is compared with every other.
    assert.ok(ratio < 6, `entries of large manifests take ${ratio.toFixed(1)} times as long`);
  });
});

/**
 * A valid manifest with pools of 1,024 addresses; with 64 pools as large as the API server
 * accepts.
 */
function largeManifest(pools: number): Manifest {
  const cr = manifest();
  const address = (n: number) => `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}/8`;
  const ofPool = (pool: number) =>
    Array.from({ length: 1_024 }, (_, i) => address(0x10000 + pool * 1_024 + i));
  Object.assign(child(cr), {
    local_ips: ["10.0.0.0/8"],
    xfrm_ip: "10.0.0.1/8",
    vxlan_ip: "10.0.0.2/8",
    remote_ips: ["192.0.2.0/24"],
    ip_pools: Object.fromEntries(Array.from({ length: pools }, (_, i) => [`p${i}`, ofPool(i)])),
  });
  return cr;
}
