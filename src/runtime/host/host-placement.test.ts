import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { childSpec, connectionSpec } from "../../../lab/sites/manifests.ts";
import { endpointCodec, type HostEndpoints } from "../../adapters/host/endpoints.ts";
import { nothingFound, type FoundEndpoints } from "../../adapters/host/found-endpoints.ts";
import { ForeignNamespaceError, type OwnNamespace } from "../../adapters/host/own-namespace.ts";
import { StateFile } from "../../adapters/files/state-file.ts";
import type { Child, Connection } from "../../model/api/connection.ts";
import { connectionFromCr } from "../../model/validation/connection-from-cr.ts";
import { formatAddress, parseAddress, type Address } from "../../model/net/address.ts";
import { formatPrefix, parsePrefix, type Prefix } from "../../model/net/prefix.ts";
import { HostPlacement } from "./host-placement.ts";

const parsed = connectionFromCr(connectionSpec("site", { children: { lan: childSpec(2) } }));
assert.ok(parsed.ok);
const connections = new Map([["site", parsed.value]]);
const lan = parsed.value.children[0] as Child;
const prefix = (text: string) => parsePrefix(text) as Prefix;
const address = (text: string) => parseAddress(text) as Address;

/** A host with a gateway, whose disk can be full. Namespaces are folders. */
function host() {
  const folder = mkdtempSync(join(tmpdir(), "placement-"));
  const plugged = new Map<string, string>();
  const foreign = new Set<string>();
  const removed: string[] = [];
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
    plug: (netns: string, underlay: Address) => void plugged.set(netns, formatAddress(underlay)),
    unplug: (netns: string) => {
      if (refused.has(netns)) throw new Error(`${netns} refuses`);
      plugged.delete(netns);
    },
    endOtherSegments: (_: string, segments: ReadonlySet<string>) => void kept.push([...segments]),
    remove: () => plugged.clear(),
  };
  const namespaces = {
    ensure: (wanted: OwnNamespace) => {
      if (foreign.has(wanted.name)) throw new ForeignNamespaceError(wanted);
    },
    remove: ({ name }: OwnNamespace) => {
      if (!foreign.has(name)) removed.push(name);
      return !foreign.has(name);
    },
  };
  const network = prefix("198.18.0.0/24");
  const onTrouble = (error: unknown) => void troubles.push(error);
  const start = (found: FoundEndpoints = nothingFound) =>
    new HostPlacement({ file, fabric, namespaces, find: () => found, network, onTrouble });
  return {
    disk,
    file,
    foreign,
    removed,
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
    assert.deepEqual([...made.plugged.keys()], [made.netns("a")], "nothing is left in it");
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

describe("a host whose list of endpoints is lost", () => {
  /** The kernel after a former process: two gateways, and two workloads. */
  const left = (made: ReturnType<typeof host>): FoundEndpoints => ({
    gateways: new Map([
      [102, address("198.18.0.9")],
      [107, address("198.18.0.3")],
    ]),
    workers: [
      workload(made.netns("a"), "198.18.0.1", "10.0.2.3/24"),
      workload(made.netns("b"), "198.18.0.2", "10.0.2.7/24"),
    ],
  });
  const workload = (netns: string, underlay: string, segment: string) => ({
    netns,
    underlay: address(underlay),
    segments: new Map([[102, prefix(segment)]]),
  });

  it("gives gateways and workers the addresses that they have, and others free ones", () => {
    using made = host();
    rmSync(made.file.path);
    using placement = made.start(left(made));
    placement.ensureGateway("site", lan);
    assert.equal(made.plugged.get("/run/netns/ipman-102"), "198.18.0.9");
    assert.equal(attach(placement, made.netns("c")), "10.0.2.4/24");
    assert.equal(attach(placement, made.netns("b")), "10.0.2.7/24");
    assert.equal(attach(placement, made.netns("a")), "10.0.2.3/24");
    const underlays = ["a", "b", "c"].map((name) => made.plugged.get(made.netns(name)));
    assert.deepEqual(underlays, ["198.18.0.1", "198.18.0.2", "198.18.0.4"]);
  });

  it("has the requests that attach the workers of declared children again", () => {
    using made = host();
    writeFileSync(made.file.path, "");
    using placement = made.start(left(made));
    assert.match(placement.problem ?? "", /endpoints\.json cannot be read: .*\.unreadable/s);
    const request = { connection: "site", child: "lan", pool: "primary" };
    assert.deepEqual(placement.requestsToRepeat(connections, false), [
      { netns: made.netns("a"), ...request },
      { netns: made.netns("b"), ...request },
    ]);
    assert.deepEqual(placement.requestsToRepeat(new Map(), false), []);
    rmSync(made.netns("a"), { recursive: true });
    placement.check();
    assert.equal(placement.requestsToRepeat(connections, false).length, 1);
  });

  it("keeps the namespace of a gateway that is not declared, and reports it", () => {
    using made = host();
    rmSync(made.file.path);
    using placement = made.start(left(made));
    assert.deepEqual(placement.prune(connections), []);
    assert.match(String(made.troubles), /if_id of the network namespace ipman-107; "ip netns/);
    assert.deepEqual(made.removed, []);
  });

  it("is not searched for endpoints if it has the list", () => {
    using made = host();
    using placement = made.start(left(made));
    assert.deepEqual(placement.requestsToRepeat(connections, false), []);
    attach(placement, made.netns("c"));
    assert.equal(placement.requestsToRepeat(connections, true).length, 1, "the key is lost");
  });
});

describe("a namespace with the name of a gateway's that ipman did not make", () => {
  it("is refused with its name", () => {
    using made = host();
    using placement = made.start();
    made.foreign.add("ipman-102");
    assert.throws(() => placement.ensureGateway("site", lan), ForeignNamespaceError);
    assert.deepEqual([...made.plugged], []);
  });

  it("stays if it took the place of a gateway's that is removed, and is reported", () => {
    using made = host();
    using placement = made.start();
    placement.ensureGateway("site", lan);
    made.foreign.add("ipman-102");
    placement.removeGateway("site", "lan");
    assert.deepEqual(made.removed, []);
    assert.match(String(made.troubles), /ipman-102 stays, since ipman did not make it/);
  });
});
