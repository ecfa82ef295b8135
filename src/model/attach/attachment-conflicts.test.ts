import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parsePrefix, type Prefix } from "../net/prefix.ts";
import { attachmentConflicts, type RequestedChild } from "./attachment-conflicts.ts";

const prefix = (text: string) => parsePrefix(text) as Prefix;

function requested(
  [connection, key]: readonly [string, string],
  n: number,
  given: {
    readonly routes?: readonly string[];
    readonly xfrmIp?: string;
    readonly ifId?: number;
  } = {},
): RequestedChild {
  const { routes = [`10.1.${n}.0/24`], xfrmIp = `10.0.${n}.1/24`, ifId = 100 + n } = given;
  return {
    path: `attachments[${n}]`,
    connection: { id: connection },
    child: { key, ifId, xfrmIp: prefix(xfrmIp), routes: routes.map(prefix) },
  };
}

const bank = ["bank", "prod"] as const;
const plant = ["plant", "plc"] as const;
const conflicts = (...list: readonly RequestedChild[]) =>
  attachmentConflicts(list).map(({ path, message }) => `${path}: ${message}`);

describe("the attachments of a pod", () => {
  it("have no conflict if their networks and devices differ", () => {
    const six = { routes: ["fd00:1::/64"], xfrmIp: "fd00:9::1/64" };
    const third = requested(["bank", "test"], 3, six);
    assert.deepEqual(conflicts(requested(bank, 1), requested(plant, 2), third), []);
  });

  it("cannot include a child twice", () => {
    const [problem, ...more] = conflicts(requested(bank, 1), requested(bank, 2));
    assert.match(
      problem ?? "",
      /^attachments\[2\]: the child bank\/prod is requested by attachments\[1\] as well;/,
    );
    assert.deepEqual(more, []);
  });

  it("cannot have overlapping routes, and the problem names both children, both routes and the remedy", () => {
    const wide = requested(plant, 2, { routes: ["10.7.0.0/16", "10.1.0.0/16"] });
    const [problem] = conflicts(requested(bank, 1), wide);
    assert.match(
      problem ?? "",
      /^attachments\[2\]: the route 10\.1\.1\.0\/24 of bank\/prod overlaps with the route 10\.1\.0\.0\/16 of plant\/plc, .*declare narrower routes .* or run a pod for each child$/,
    );
  });

  it("cannot have the same if_id, which names the device in the pod", () => {
    const [problem] = conflicts(requested(bank, 1), requested(plant, 2, { ifId: 101 }));
    assert.match(
      problem ?? "",
      /bank\/prod and plant\/plc have the same if_id 101, .* vxlan101: give/,
    );
  });

  it("cannot have the same gateway address, or a route to a single address that is the other's gateway", () => {
    const [same] = conflicts(requested(bank, 1), requested(plant, 2, { xfrmIp: "10.0.1.1/16" }));
    assert.match(
      same ?? "",
      /bank\/prod and plant\/plc have the same gateway address, xfrm_ip 10\.0\.1\.1/,
    );
    const host = { routes: ["10.0.1.1/32"] };
    const [taken] = conflicts(requested(bank, 1), requested(plant, 2, host));
    assert.match(
      taken ?? "",
      /the route 10\.0\.1\.1\/32 of plant\/plc is the address of the gateway of bank\/prod/,
    );
    const around = requested(plant, 2, { routes: ["10.0.0.0/16"] });
    assert.deepEqual(conflicts(requested(bank, 1), around), [], "as for a child's own gateway");
  });

  it("are compared in pairs", () => {
    const all = [1, 2, 3].map((n) => requested(["bank", `c${n}`], n, { routes: ["10.1.0.0/16"] }));
    assert.equal(conflicts(...all).length, 3);
  });
});
