import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { childSpec, connectionSpec } from "../../../lab/sites/manifests.ts";
import { endpointCodec, type HostEndpoints } from "../../adapters/host/endpoints.ts";
import { StateFile } from "../../adapters/files/state-file.ts";
import type { Connection } from "../../model/api/connection.ts";
import { connectionFromCr } from "../../model/validation/connection-from-cr.ts";
import { formatPrefix, parsePrefix, type Prefix } from "../../model/net/prefix.ts";
import { HostPlacement } from "./host-placement.ts";

const parsed = connectionFromCr(connectionSpec("site", { children: { lan: childSpec(2) } }));
assert.ok(parsed.ok);
const connections = new Map([["site", parsed.value]]);

/** A host with a gateway, whose disk can be full. Namespaces are folders. */
function host() {
  const folder = mkdtempSync(join(tmpdir(), "placement-"));
  const plugged = new Set<string>();
  const refused = new Set<string>();
  const kept: string[][] = [];
  const troubles: unknown[] = [];
  const disk = { isFull: false };
  class Disk extends StateFile<HostEndpoints> {
    override write(value: HostEndpoints): void {
      if (disk.isFull) throw new Error("ENOSPC: no space left on device");
      super.write(value);
    }
  }
  const file = new Disk(join(folder, "endpoints.json"), endpointCodec);
  const gateway = {
    id: "ipman-102",
    connection: "site",
    child: "lan",
    netns: folder,
    underlay: { family: 4, value: 1n } as const,
    device: "ipman0",
    mtu: 9_000,
  };
  file.write({ gateways: [gateway], workers: [] });
  const fabric = {
    plug: (netns: string) => void plugged.add(netns),
    unplug: (netns: string) => {
      if (refused.has(netns)) throw new Error(`${netns} refuses`);
      plugged.delete(netns);
    },
    endOtherSegments: (_: string, segments: ReadonlySet<string>) => void kept.push([...segments]),
    remove: () => plugged.clear(),
  };
  const network = parsePrefix("198.18.0.0/24") as Prefix;
  const start = () =>
    new HostPlacement({ file, fabric, network, onTrouble: (error) => troubles.push(error) });
  return {
    disk,
    plugged,
    refused,
    kept,
    troubles,
    start,
    netns: (name: string) => {
      mkdirSync(join(folder, name), { recursive: true });
      return join(folder, name);
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

const attach = (placement: HostPlacement, netns: string) =>
  formatPrefix(
    placement.attach({ netns, connection: "site", child: "lan" }, connections).worker.address,
  );

describe("attaching while the disk is full", () => {
  it("is refused with the reason; attached workers stay, and no address is assigned twice", () => {
    using made = host();
    const before = made.start();
    assert.equal(attach(before, made.netns("a")), "10.0.2.3/24");
    made.disk.isFull = true;
    assert.throws(
      () => attach(before, made.netns("b")),
      /b is not attached.*assign its address again.*ENOSPC.*try again/s,
    );
    assert.deepEqual([...made.plugged], [made.netns("a")], "nothing is left in the namespace");
    assert.equal(attach(before, made.netns("a")), "10.0.2.3/24", "nothing new has to be saved");
    assert.match(before.writes.problem ?? "", /ENOSPC/);
    before[Symbol.dispose]();
    made.disk.isFull = false;
    const after = made.start();
    assert.equal(attach(after, made.netns("b")), "10.0.2.4/24");
    assert.equal(after.writes.problem, undefined);
    after[Symbol.dispose]();
  });

  it("does not prevent the host from starting or from forgetting removed namespaces", () => {
    using made = host();
    const before = made.start();
    attach(before, made.netns("a"));
    made.disk.isFull = true;
    rmSync(made.netns("b"), { recursive: true });
    rmSync(made.netns("a"), { recursive: true });
    assert.doesNotThrow(() => before.check());
    before[Symbol.dispose]();
    made.start()[Symbol.dispose]();
  });
});

describe("a namespace that is attached again", () => {
  it("stays in the segments of its workers alone", () => {
    using made = host();
    using placement = made.start();
    attach(placement, made.netns("a"));
    assert.deepEqual(made.kept, [["vxlan102"]]);
  });

  it("stays in all segments while one of its connections is not declared", () => {
    using made = host();
    using placement = made.start();
    const netns = made.netns("a");
    attach(placement, netns);
    made.kept.length = 0;
    const wanted = { netns, connection: "other", child: "lan" };
    const site = connections.get("site") as Connection;
    placement.attach(wanted, new Map([["other", { ...site, id: "other" }]]));
    assert.deepEqual(made.kept, []);
  });
});

describe("the removal of everything", () => {
  it("continues if one namespace fails", () => {
    using made = host();
    const placement = made.start();
    for (const name of ["a", "b"]) attach(placement, made.netns(name));
    made.refused.add(made.netns("a"));
    placement.removeAll();
    assert.match(String(made.troubles), /a refuses/);
    assert.deepEqual([...made.plugged], []);
    assert.deepEqual(made.start().writes.problem, undefined);
  });
});
