import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { childSpec, connectionSpec } from "../../../lab/sites/manifests.ts";
import type { Connection } from "../api/connection.ts";
import { connectionFromCr } from "../validation/connection-from-cr.ts";
import { lostServiceAddresses } from "./lost-addresses.ts";

function connectionOf(ip_pools: object, key = "net"): Connection {
  const children = { [key]: childSpec(2, { name: key, ip_pools }) };
  const parsed = connectionFromCr(connectionSpec("bank", { children, nodeName: "node-a" }));
  return (parsed as { value: Connection }).value;
}

const owned = (last: number) => [{ service: `shop/s${last}`, uid: "u" }];
const services = Object.fromEntries(
  [1, 10, 11, 12, 13, 14, 15, 16, 30].map((last) => [`10.0.2.${last}`, owned(last)]),
);
const before = connectionOf({ primary: ["10.0.2.10-10.0.2.19"], other: ["10.0.2.30"] });
const lostBy = (after: Connection) =>
  lostServiceAddresses(before, after, services).map(
    ({ path, message }) => `${path.replace("spec.children.net.ip_pools.", "")}: ${message}`,
  );

describe("the addresses of Services that a change of a connection removes", () => {
  it("are none while the pools have them", () => {
    assert.deepEqual(lostBy(before), []);
    const wider = connectionOf({ primary: ["10.0.2.10-10.0.2.20"], other: ["10.0.2.30"] });
    assert.deepEqual(lostBy(wider), []);
  });

  it("are named, at most five of each pool", () => {
    const smaller = connectionOf({ primary: ["10.0.2.16-10.0.2.19"], other: ["10.0.2.30"] });
    const [words, ...more] = lostBy(smaller);
    assert.deepEqual(more, []);
    assert.match(
      words ?? "",
      /^primary: .*: 10\.0\.2\.10 of shop\/s10, .* 10\.0\.2\.14 of .* 1 more$/,
    );
  });

  it("are all of a child or a pool that is removed", () => {
    const other = connectionOf({ primary: ["10.0.2.10-10.0.2.19", "10.0.2.30"] });
    assert.match(lostBy(other).join(), /^other: .*: 10\.0\.2\.30 of shop\/s30$/);
    assert.equal(lostBy(connectionOf({ primary: ["10.0.2.10"] }, "lan")).length, 2);
  });
});
