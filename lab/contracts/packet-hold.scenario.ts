import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, beforeEach, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { mostHeld, PacketHold } from "../../src/adapters/network/packet-hold.ts";
import { netnsPath } from "../../src/adapters/linux/namespace.ts";
import { parseAddress, type Address } from "../../src/model/net/address.ts";
import { holdName } from "../../src/model/network/gateway-plan.ts";
import { Pinging } from "../sites/pings.ts";
import { LabSegment, type LabPod, type LabWorker } from "../sites/segment.ts";
import { inNetns, ip } from "../sites/shell.ts";

const adapter = join(import.meta.dirname, "../../src/adapters/network/packet-hold.ts");

describe("packets that are held in a gateway", () => {
  let segment: LabSegment;
  let gateway: LabPod;
  let worker: LabWorker;

  before(() => {
    segment = new LabSegment(4);
    gateway = segment.pod("gw", 1);
    worker = segment.attach(segment.pod("one", 2), "10.0.2.3", gateway);
    segment.serve(gateway);
  });
  after(() => segment[Symbol.dispose]());
  beforeEach(() => assert.equal(segment.reaches(worker), 2));

  const place = () => ({
    namespace: netnsPath(gateway.name),
    name: holdName(segment.child),
    from: segment.device,
    family: 4 as const,
    mtu: 1_400,
  });
  const arrived = () => segment.received("seg-behind", "tunnel");

  it("wait until the release, and none is lost", async () => {
    const pinging = new Pinging(worker.name, "10.1.2.1");
    await pinging.begun();
    const hold = new PacketHold(place());
    await pause(50);
    const before = arrived();
    await pause(300);
    assert.equal(arrived(), before);
    const count = hold.release();
    assert.ok(count > 5 && count < 60, `${count} packets were held`);
    assert.equal(hold.release(), 0);
    await pause(200);
    const { sent, lost } = await pinging.stop();
    assert.ok(sent >= count, `${sent} pings, of which ${count} were held`);
    assert.deepEqual(lost, []);
    assert.doesNotMatch(ip(`-n ${gateway.name} link`), /hold/);
  });

  it("take the routes of the moment of the release", async () => {
    const pinging = new Pinging(worker.name, "10.1.2.1");
    await pinging.begun();
    const hold = new PacketHold(place());
    // The tunnel that is left: what is sent there now is lost.
    ip(`-n ${gateway.name} route replace blackhole 10.1.2.0/24`);
    await pause(200);
    ip(`-n ${gateway.name} route replace 10.1.2.0/24 dev xfrm${segment.child.ifId}`);
    hold.release();
    await pause(100);
    assert.deepEqual((await pinging.stop()).lost, []);
  });

  it("have the MTU of the tunnel", () => {
    using _ = new PacketHold(place());
    const link = ip(`-n ${gateway.name} link show ${holdName(segment.child)}`);
    assert.match(link, new RegExp(`mtu 1400 .* qlen ${mostHeld}`));
  });

  it("are few: those of a process that ended, after which packets go on at once", async () => {
    const script = `
      const { PacketHold } = await import(${JSON.stringify(adapter)});
      new PacketHold(${JSON.stringify(place())});
      console.log("held");
      setInterval(() => {}, 1_000);`;
    const process = spawn("node", ["--input-type=module", "-e", script]);
    await once(process.stdout, "data");
    const held = arrived();
    segment.reaches(worker);
    assert.equal(arrived(), held);
    process.kill("SIGKILL");
    await once(process, "exit");
    assert.equal(segment.reaches(worker), 2);
    // The rule that it left finds no route in its table.
    assert.match(inNetns(gateway.name, "ip rule"), new RegExp(`iif ${segment.device} lookup 105`));
    new PacketHold(place()).release();
    assert.doesNotMatch(inNetns(gateway.name, "ip rule"), /lookup 105/);
  });

  it("are those of IPv6 if the segment has IPv6", () => {
    const hold = new PacketHold({ ...place(), family: 6 });
    assert.match(inNetns(gateway.name, "ip -6 rule"), /iif vxlan102 lookup 105/);
    assert.match(inNetns(gateway.name, "ip -6 route show table 105"), /^default dev hold102/);
    assert.equal(segment.reaches(worker), 2);
    hold.release();
    assert.doesNotMatch(inNetns(gateway.name, "ip -6 rule"), /lookup 105/);
  });

  it("cannot be held twice at a time", () => {
    using _ = new PacketHold(place());
    assert.throws(() => new PacketHold(place()), /add tun link hold102: EBUSY/);
  });

  it("keep the source address that workers share, in new connections and in earlier ones", async () => {
    const { child } = segment;
    const shared = parseAddress("10.0.2.50") as Address;
    const addresses = { first: shared, last: shared };
    segment.child = { ...child, nat: { addresses, local: [], remote: [] } };
    segment.serve(gateway);
    const words = "netns exec seg-behind tcpdump -l -n -i tunnel icmp and not src 10.1.2.1";
    const sources = spawn("ip", words.split(" "));
    const seen = text(sources.stdout);
    await once(sources.stderr, "data");
    const earlier = new Pinging(worker.name, "10.1.2.1");
    await earlier.begun();
    const hold = new PacketHold(place());
    const later = new Pinging(worker.name, "10.1.2.1");
    await pause(200);
    const count = hold.release();
    assert.ok(count > 5, `${count} packets were held`);
    await later.begun();
    assert.deepEqual((await earlier.stop()).lost, []);
    assert.deepEqual((await later.stop()).lost, []);
    sources.kill("SIGINT");
    const from = new Set(
      Array.from((await seen).matchAll(/IP (\S+) >/g), ([, address]) => address),
    );
    assert.deepEqual([...from], ["10.0.2.50"]);
    segment.child = child;
    segment.serve(gateway);
  });
});
