import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { netnsPath } from "../../src/adapters/linux/namespace.ts";
import { sendFrames } from "../../src/adapters/linux/send-frames.ts";
import { bytesOf, formatAddress, parseAddress, type Address } from "../../src/model/net/address.ts";
import { announcementFrame } from "../../src/model/network/announcement.ts";
import { macBytes } from "../../src/model/net/mac.ts";
import {
  ethernet,
  fragments,
  icmpEcho,
  udpPacket,
  vxlanDatagram,
  type Frame,
} from "../sites/frames.ts";
import { attack } from "../sites/attack.ts";
import { LabSegment, vxlanPort, type LabPod, type LabWorker } from "../sites/segment.ts";
import { inNetns, ip } from "../sites/shell.ts";

/** Datagrams of a flood. */
const flood = 100_000;

for (const family of [4, 6] as const) {
  describe(`a segment over IPv${family}`, () => {
    let segment: LabSegment;
    let gateway: LabPod;
    let former: LabPod;
    let stranger: LabPod;
    let one: LabWorker;
    let two: LabWorker;

    before(() => {
      segment = new LabSegment(family);
      gateway = segment.pod("gw", 1);
      const pods = [segment.pod("one", 2), segment.pod("two", 3)] as const;
      stranger = segment.pod("stranger", 4);
      one = segment.attach(pods[0], "10.0.2.3", gateway);
      two = segment.attach(pods[1], "10.0.2.4", gateway);
      segment.serve(gateway);
    });
    after(() => segment[Symbol.dispose]());

    /** A valid frame of the segment, except for the given changes. */
    const frame = (changes: Partial<Frame>): Buffer =>
      vxlanDatagram({
        vni: segment.child.ifId,
        destination: one.secrets.mac,
        source: one.secrets.gatewayMac,
        type: 0x0800,
        payload: Buffer.alloc(46),
        ...changes,
      });
    const toGateway = (worker: LabWorker, payload: Buffer, changes: Partial<Frame> = {}) =>
      frame({
        destination: worker.secrets.gatewayMac,
        source: worker.secrets.mac,
        payload,
        ...changes,
      });
    const announcementOf = ({ secrets }: LabWorker, source: Address) =>
      vxlanDatagram({ vni: segment.child.ifId, frame: announcementFrame({ ...secrets, source }) });
    const behind = parseAddress("10.1.2.1") as Address;
    const v4 = (text: string) => parseAddress(text) as Address;

    /** The state that must not change under attack: learned gateways, entries, received packets. */
    const state = () => ({
      gateways: [one, two].map((worker) => segment.believedGateway(worker)),
      entries: [gateway, one, two].map((pod) => segment.entries(pod)),
      behind: segment.received("seg-behind", "tunnel"),
      frames: [gateway, one, two].map(({ name }) => segment.received(name, segment.device)),
    });

    it("carries pings both ways, and a second pass changes nothing", () => {
      for (const worker of [one, two]) {
        assert.equal(segment.reaches(worker), 2);
        assert.equal(segment.reached(worker), 2);
      }
      assert.equal(segment.serve(gateway), 0);
    });

    it("is repaired if elements were removed while no agent ran", () => {
      inNetns(gateway.name, "nft flush map inet ipman workers");
      assert.notEqual(segment.serve(gateway), 0);
      assert.equal(segment.reaches(one), 2);
      assert.equal(segment.serve(gateway), 0);
    });

    it("is printed by nft as it was written", () => {
      const filter = inNetns(gateway.name, "nft list ruleset");
      assert.match(filter, /ip6? saddr vmap @workers/);
      assert.match(filter, /tcp option maxseg size set rt mtu/);
      const worker = inNetns(one.name, "nft list ruleset");
      assert.match(worker, /jhash ip6? saddr \. @th,240,32 mod 256/);
    });

    it("is written if the system has no file of protocol names, as in an image", () => {
      const { rules } = segment.gatewayPlan(gateway);
      const module = join(import.meta.dirname, "../../src/adapters/nftables/apply-rules.ts");
      const program = `
        const { restrictRules, FilterMemory } = await import(${JSON.stringify(module)});
        const plan = JSON.parse(process.env.PLAN);
        const memory = new FilterMemory();
        memory.fingerprint = "another";
        process.stdout.write(String(restrictRules(process.env.NETNS, plan, memory).changes));`;
      const env = {
        ...process.env,
        PLAN: JSON.stringify(rules),
        NETNS: netnsPath(gateway.name),
        PROGRAM: program,
      };
      const inside = 'mount -t tmpfs none /etc; exec node --input-type=module -e "$PROGRAM"';
      const written = execFileSync("unshare", ["--mount", "sh", "-ec", inside], { env });
      assert.equal(String(written), "1");
    });

    it("accepts nothing from a stranger that knows every MAC address", () => {
      const before = state();
      const echo = icmpEcho(v4("10.1.2.1"), one.address.address);
      attack(
        stranger,
        one,
        // Redirection: announcements to all, to an unknown MAC address, and to the worker.
        frame({ destination: "ff:ff:ff:ff:ff:ff", type: 0x88b5 }),
        frame({ destination: "02:00:00:00:00:01", type: 0x88b5 }),
        frame({ type: 0x88b5 }),
        frame({ type: 0x0806 }),
        // Injection.
        frame({ payload: echo }),
        frame({ type: 0x86dd }),
        frame({ type: 0x8100 }),
      );
      const free = udpPacket(v4("10.0.2.9"), behind);
      const theirs = udpPacket(one.address.address, behind);
      attack(
        stranger,
        gateway,
        toGateway(one, free),
        toGateway(one, theirs),
        toGateway(one, theirs, { type: 0x86dd }),
        toGateway(one, theirs, { source: "02:00:00:00:00:01" }),
      );
      assert.deepEqual(state(), before);
    });

    it("accepts no copies of its own datagrams from another sender", () => {
      const before = state();
      attack(stranger, one, announcementOf(one, gateway.underlay));
      attack(stranger, gateway, toGateway(one, udpPacket(one.address.address, behind)));
      assert.deepEqual(state(), before);
    });

    it("accepts no truncated datagrams", () => {
      const before = state();
      const whole = frame({ type: 0x88b5 });
      const cut = [0, 4, 8, 12, 16, 20, 22, 28].map((size) => whole.subarray(0, size));
      attack(stranger, one, ...cut);
      attack(stranger, gateway, ...cut);
      assert.deepEqual(state(), before);
    });

    if (family === 6) {
      it("accepts no fragments if the first one has no port", () => {
        const before = state();
        // A broadcast, since the attacker need not know the MAC address on the pod network.
        const link = {
          destination: "ff:ff:ff:ff:ff:ff",
          source: "02:44:00:00:00:04",
          type: 0x86dd,
        };
        const cuts = [
          ...[8, 16, 40].map((cut) => ({ cut })),
          // The first fragment ends after an extension header, before UDP or another header.
          ...[1, 2, 3].map((extensions) => ({ cut: 8, extensions })),
        ];
        for (const cut of cuts) {
          for (const [to, datagram] of [
            [one, frame({ type: 0x88b5 })],
            [gateway, toGateway(one, udpPacket(one.address.address, behind))],
          ] as const) {
            const parts = fragments(stranger.underlay, to.underlay, vxlanPort, datagram, cut);
            const frames = parts.map((payload) => ethernet({ ...link, payload }));
            sendFrames(netnsPath(stranger.name), "eth0", frames);
          }
        }
        assert.deepEqual(state(), before);
      });
    }

    it(`keeps its tables under ${flood} datagrams from different MAC addresses`, () => {
      const before = state();
      attack(stranger, gateway, { each: toGateway(one, Buffer.alloc(46)), count: flood });
      attack(stranger, one, { each: frame({ type: 0x88b5 }), count: flood });
      assert.deepEqual(state(), before);
    });

    it("accepts nothing from a worker that impersonates another worker or the gateway", () => {
      const before = state();
      const spoofed = udpPacket(one.address.address, behind);
      attack(
        two,
        gateway,
        toGateway(two, spoofed),
        toGateway(one, spoofed),
        toGateway(two, spoofed, { type: 0x86dd }),
        toGateway(two, spoofed, { type: 0x8100 }),
      );
      attack(
        two,
        one,
        frame({ type: 0x88b5 }),
        frame({ payload: icmpEcho(behind, one.address.address) }),
        vxlanDatagram({
          vni: segment.child.ifId,
          // A worker's own seeds prove nothing to another worker.
          frame: announcementFrame({ ...two.secrets, mac: one.secrets.mac, source: two.underlay }),
        }),
      );
      assert.deepEqual(state(), before);
      // With the worker's own address the same datagram passes, so the attack itself is effective.
      attack(two, gateway, toGateway(two, udpPacket(two.address.address, behind)));
      assert.equal(segment.received("seg-behind", "tunnel"), before.behind + 1);
    });

    it("accepts no spoofed packets that a worker hides behind its own in one call", () => {
      const before = state();
      const own = toGateway(two, udpPacket(two.address.address, behind));
      const spoofed = udpPacket(one.address.address, behind);
      const coalesced = [
        own,
        toGateway(two, spoofed),
        toGateway(one, spoofed, { source: "02:00:00:00:00:01" }),
        own,
      ];
      attack(two, gateway, { coalesced });
      assert.equal(segment.received("seg-behind", "tunnel"), before.behind + 2);
    });

    it("forwards only between workers and the tunnel", () => {
      ip(
        `-n ${two.name} route add ${formatAddress(one.address.address)} via 10.0.2.1 dev ${segment.device} onlink`,
      );
      const before = state();
      ip(`-n ${two.name} addr add 10.0.2.9/32 dev ${segment.device}`);
      assert.throws(() => inNetns(two.name, `ping -c1 -W1 ${formatAddress(one.address.address)}`));
      assert.throws(() => inNetns(two.name, "ping -c1 -W1 -I 10.0.2.9 10.1.2.1"));
      ip(`-n ${two.name} addr del 10.0.2.9/32 dev ${segment.device}`);
      // Through the pod network, with the gateway as a router.
      const outer = formatAddress(gateway.underlay);
      if (family === 4) {
        ip(`-n ${stranger.name} route add 10.1.2.0/24 via ${outer}`);
        assert.throws(() => inNetns(stranger.name, "ping -c1 -W1 10.1.2.1"));
      }
      const after = state();
      assert.equal(after.behind, before.behind);
      assert.deepEqual(after.gateways, before.gateways);
    });

    it("accepts packets to a worker's address from the segment only", () => {
      const before = inNetns(one.name, `nft list counter inet ipman_${segment.device} refused`);
      const destination = Buffer.from([0x02, 0x44, 0, 0, 0, 2]);
      const header = Buffer.concat([
        destination,
        macBytes("02:44:00:00:00:04"),
        Buffer.from([8, 0]),
      ]);
      const packet = Buffer.concat([header, icmpEcho(behind, one.address.address)]);
      sendFrames(netnsPath(stranger.name), "eth0", [packet]);
      const after = inNetns(one.name, `nft list counter inet ipman_${segment.device} refused`);
      assert.notEqual(after, before);
      assert.equal(bytesOf(one.address.address).length, 4);
    });

    /** Moves the gateway and announces it once. */
    const moveTo = (moved: LabPod) => {
      segment.serve(moved);
      assert.equal(segment.believedGateway(one), formatAddress(gateway.underlay));
      segment.announce(moved);
      gateway = moved;
    };
    const assertFollowed = () => {
      for (const worker of [one, two]) {
        assert.equal(segment.believedGateway(worker), formatAddress(gateway.underlay));
        assert.equal(segment.reaches(worker), 2);
        assert.equal(segment.reached(worker), 2);
      }
    };

    it("follows a gateway that moves, by one announcement", () => {
      former = gateway;
      moveTo(segment.pod("gw2", 9));
      assertFollowed();
    });

    it("accepts nothing from a stranger with the former gateway's address, which receives its packets", () => {
      const before = state();
      attack(
        former,
        one,
        frame({ type: 0x88b5 }),
        frame({ payload: icmpEcho(behind, v4("10.0.2.3")) }),
      );
      assert.deepEqual(state(), before);
      assertFollowed();
    });

    it("follows a gateway to another node on another subnet, and back", () => {
      const here = gateway;
      moveTo(segment.podElsewhere("gw3", 10));
      assertFollowed();
      moveTo(here);
      assertFollowed();
    });

    it("keeps the gateway's address while nothing is sent", async () => {
      // The kernel forgets learned entries after that many seconds; it checks now, and every ten seconds.
      for (const { name } of [one, two])
        ip(`-n ${name} link set ${segment.device} type vxlan ageing 1`);
      await pause(12_000);
      assertFollowed();
    });

    it("continues in a namespace that is attached again with another if_id", () => {
      segment.renumber(202);
      const served = segment.pod("gw4", 11);
      const again = segment.attach(one, formatAddress(one.address.address), served);
      segment.serve(served);
      assert.equal(segment.reaches(again), 2);
      assert.equal(segment.reached(again), 2);
    });
  });
}
