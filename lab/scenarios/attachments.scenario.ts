import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { endpointCodec, type HostEndpoints } from "../../src/adapters/host/endpoints.ts";
import { fabricDevice } from "../../src/adapters/host/fabric.ts";
import type { Child, Connection } from "../../src/model/api/connection.ts";
import {
  attachVariable,
  writeOrders,
  type AttachOrder,
} from "../../src/model/attach/attach-order.ts";
import { parseSegmentKey, type SegmentKey } from "../../src/model/network/segment-key.ts";
import { workerSecrets } from "../../src/model/network/segment.ts";
import { connectionFromCr } from "../../src/model/validation/connection-from-cr.ts";
import { find } from "../sites/ipman.ts";
import { childSpec, connectionSpec, psk, secret, sites, yaml } from "../sites/manifests.ts";
import { answered, noneLost, pings } from "../sites/pings.ts";
import { eventually, inNetns, ip, sh } from "../sites/shell.ts";
import { TwoSites } from "../sites/two-sites.ts";

const bin = join(import.meta.dirname, "../../bin/ipman");

describe("a workload with two attachments", () => {
  const resources = new AsyncDisposableStack();
  let lab: TwoSites;
  const bank = connectionSpec("bank", { children: { "child-2": childSpec(2) } });
  const plant = connectionSpec("plant", {
    remoteAddr: sites.peer.v6,
    localAddr: sites.node.v6,
    children: { "child-3": childSpec(3) },
  });

  before(async () => {
    lab = resources.use(await TwoSites.build());
    await lab.mirror(bank);
    await lab.mirror(plant);
    lab.ipman.apply("secret.yaml", yaml(secret({ bank: psk, plant: psk })));
    lab.ipman.apply("bank.yaml", yaml(bank));
    lab.ipman.apply("plant.yaml", yaml(plant));
    await lab.ipman.start();
    await lab.ipman.ready("bank");
    await lab.ipman.ready("plant");
    ip("netns add app");
  });
  after(() => resources.disposeAsync());

  const worksFor = (remote: string) => assert.deepEqual(pings("app", 20, remote), noneLost(20));

  it("reaches both peers with the address of each child", async () => {
    assert.equal(lab.ipman.attach("app", "bank", "child-2"), "10.0.2.3/24");
    assert.equal(lab.ipman.attach("app", "plant", "child-3"), "10.0.3.3/24");
    for (const n of [2, 3]) {
      worksFor(`10.1.${n}.1`);
      assert.deepEqual(pings("peer", 5, `10.0.${n}.3`, "-I", `10.1.${n}.1`), noneLost(5));
    }
    const status = await lab.ipman.status();
    for (const [id, n] of [
      ["bank", 2],
      ["plant", 3],
    ] as const) {
      const [child] = find(status, id)?.children ?? [];
      assert.deepEqual(
        child?.workers.map(({ address }) => address),
        [`10.0.${n}.3/24`],
      );
    }
  });

  it("cannot send with the address of one child into the tunnel of the other", () => {
    assert.equal(answered("app", "10.1.3.1", "-c", "2", "-W", "1", "-I", "10.0.2.3"), 0);
    assert.equal(answered("app", "10.1.2.1", "-c", "2", "-W", "1", "-I", "10.0.3.3"), 0);
  });

  it("is attached to both by the list of an init container, as by single attachments", () => {
    const planned = state("app");
    for (const n of [102, 103]) ip(`-n app link del vxlan${n}`);
    // A pod has a default route on the pod network.
    ip(`-n app route add default dev ${fabricDevice}`);
    const orders = writeOrders([orderOf(lab, bank), orderOf(lab, plant)]);
    const attach = () =>
      sh(
        "ip",
        "netns",
        "exec",
        "app",
        "env",
        `${attachVariable}=${orders}`,
        bin,
        "attach",
        "--self",
      );
    assert.equal(attach(), "10.0.2.3/24\n10.0.3.3/24\n");
    assert.deepEqual(state("app"), planned);
    for (const n of [2, 3]) worksFor(`10.1.${n}.1`);
    assert.equal(attach(), "10.0.2.3/24\n10.0.3.3/24\n", "a second time");
    assert.deepEqual(state("app"), planned);
  });

  it("keeps one attachment while the other child is removed", async () => {
    lab.ipman.remove("bank.yaml");
    await lab.ipman.until((status) => find(status, "bank") === undefined);
    worksFor("10.1.3.1");
    await eventually(() => assert.equal(answered("app", "10.1.2.1", "-c", "1", "-W", "1"), 0));
    assert.deepEqual(pings("peer", 5, "10.0.3.3", "-I", "10.1.3.1"), noneLost(5));
  });
});

/** The devices, addresses, routes and packet filters of a namespace's segments. */
function state(netns: string): Record<string, unknown> {
  const lines = (text: string) => text.trim().split("\n").toSorted();
  const devices = [102, 103].map((n) => `vxlan${n}`);
  return {
    routes: devices.map((device) => lines(ip(`-n ${netns} route show dev ${device}`))),
    addresses: devices.map(
      (device) => /inet (\S+)/.exec(ip(`-n ${netns} addr show ${device}`))?.[1],
    ),
    mtu: devices.map((device) => /mtu (\d+)/.exec(ip(`-n ${netns} link show ${device}`))?.[1]),
    macs: devices.map((device) => /ether (\S+)/.exec(ip(`-n ${netns} link show ${device}`))?.[1]),
    neighbours: devices.map((device) => lines(ip(`-n ${netns} neigh show dev ${device}`))),
    fdb: devices.map((device) => lines(inNetns(netns, `bridge fdb show dev ${device}`))),
    tables: lines(inNetns(netns, "nft list tables")),
  };
}

/** The order that the webhook would write for the worker of a connection's only child. */
function orderOf(lab: TwoSites, manifest: object): AttachOrder {
  const stored = (name: string) => readFileSync(join(lab.ipman.state, name), "utf8");
  const { workers, gateways }: HostEndpoints = endpointCodec.parse(
    JSON.parse(stored("endpoints.json")),
  );
  const key = parseSegmentKey(stored("segment.key")) as SegmentKey;
  const parsed = connectionFromCr(manifest);
  assert.ok(parsed.ok);
  const connection: Connection = parsed.value;
  const [child] = connection.children as [Child];
  const isOwn = (end: { readonly connection: string }) => end.connection === connection.id;
  const [worker, gateway] = [workers.find(isOwn), gateways.find(isOwn)];
  assert.ok(worker !== undefined && gateway !== undefined);
  return {
    connection,
    child,
    worker: { address: worker.address, ...workerSecrets(key, connection, child, worker) },
    gatewayUnderlay: gateway.underlay,
    tunnelMtu: Number(/mtu (\d+)/.exec(ip(`-n ${gateway.id} link show xfrm${child.ifId}`))?.[1]),
    vxlanPort: Number(
      /dstport (\d+)/.exec(ip(`-n ${gateway.id} -d link show vxlan${child.ifId}`))?.[1],
    ),
  };
}
