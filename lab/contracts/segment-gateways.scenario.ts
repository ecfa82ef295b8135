import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { applyPlan } from "../../src/adapters/network/apply-plan.ts";
import { netnsPath } from "../../src/adapters/linux/namespace.ts";
import { deviceHook, missingRequirement } from "../../src/adapters/nftables/requirements.ts";
import { formatAddress } from "../../src/model/net/address.ts";
import { sendingMac } from "../../src/model/network/sending-mac.ts";
import { Pinging, type Pinged } from "../sites/pings.ts";
import { LabSegment, type LabPod, type LabWorker } from "../sites/segment.ts";
import { inNetns, ip } from "../sites/shell.ts";

const behind = "10.1.2.1";
const moves = 10;
/** How long answers still come by the old gateway, and how long a gateway then carries alone. */
const lateMs = 150;
const settledMs = 100;

for (const family of [4, 6] as const) {
  describe(`two gateways of one segment over IPv${family}`, { timeout: 60_000 }, () => {
    let segment: LabSegment;
    let gateways: readonly [LabPod, LabPod];
    let worker: LabWorker;

    before(() => {
      segment = new LabSegment(family, { several: true });
      gateways = [segment.pod("gw1", 1), segment.podElsewhere("gw2", 2)];
      worker = segment.attach(segment.pod("one", 3), "10.0.2.3", gateways[0]);
      for (const gateway of gateways) segment.serve(gateway);
      inNetns("seg-behind", "sysctl -qw net.ipv4.conf.all.rp_filter=0");
      for (const { name } of gateways)
        inNetns("seg-behind", `sysctl -qw net.ipv4.conf.tunnel-${name}.rp_filter=0`);
      carry(gateways[0], gateways[1]);
      segment.answerBy(gateways[0]);
    });
    after(() => segment[Symbol.dispose]());

    const carry = (to: LabPod, from: LabPod) => {
      segment.forward(to, true);
      segment.announce(to);
      segment.forward(from, false);
    };

    /** Pings while the gateways take turns, and the old one still passes on late answers. */
    const pingsOfMoves = async (): Promise<Pinged> => {
      const pinging = new Pinging(worker.name, behind);
      await pinging.begun();
      let [from, to] = gateways;
      for (let move = 0; move < moves; move++) {
        carry(to, from);
        await pause(lateMs);
        segment.answerBy(to);
        await pause(settledMs);
        [from, to] = [to, from];
      }
      return pinging.stop();
    };

    const mac = ({ name }: LabPod) => ip(`-n ${name} link show ${segment.device}`);

    it("are as planned after one pass", () => {
      assert.equal(missingRequirement(netnsPath(gateways[0].name), deviceHook), undefined);
      for (const gateway of gateways) assert.equal(segment.serve(gateway), 0);
      assert.equal(segment.reaches(worker), 2);
    });

    it("send by addresses of their own, and receive by the common one", () => {
      for (const gateway of gateways) {
        const own = sendingMac(worker.secrets.gatewayMac, gateway.underlay);
        assert.match(mac(gateway), new RegExp(own));
      }
      const rules = inNetns(gateways[0].name, "nft list ruleset");
      assert.ok(rules.includes(`ether daddr ${worker.secrets.gatewayMac} meta pkttype set host`));
    });

    it(`lose none of a worker's pings in ${moves} moves with late answers`, async () => {
      const { lost, sent } = await pingsOfMoves();
      assert.deepEqual(lost, []);
      assert.ok(sent > (moves * (lateMs + settledMs)) / 20);
    });

    it("are repaired if the rules of reception or the device were removed", () => {
      const [gateway] = gateways;
      const table = `ipman_reception_${segment.device}`;
      inNetns(gateway.name, `nft delete table netdev ${table}`);
      assert.equal(segment.reaches(worker), 0);
      assert.equal(segment.serve(gateway), 1);
      assert.equal(segment.reaches(worker), 2);
      ip(`-n ${gateway.name} link del ${segment.device}`);
      assert.notEqual(segment.serve(gateway), 0);
      assert.equal(segment.reaches(worker), 2);
      assert.equal(segment.serve(gateway), 0);
    });

    it("leave the worker to the active one while another starts with IPv6 and sends by itself", async () => {
      const standby = segment.pod("gw3", 4);
      const pinging = new Pinging(worker.name, behind);
      await pinging.begun();
      segment.serve(standby);
      // Worse than any plan: each frame to all reaches the worker.
      const { device } = segment;
      inNetns(
        standby.name,
        `bridge fdb append 00:00:00:00:00:00 dev ${device} dst ${formatAddress(worker.underlay)}`,
      );
      ip(`-n ${standby.name} link set ${device} down`);
      ip(`-n ${standby.name} link set ${device} addrgenmode eui64 arp on`);
      ip(`-n ${standby.name} link set ${device} up`);
      ip(`-n ${standby.name} addr add fd00:2::2/64 dev ${device}`);
      await pause(1_500);
      const { lost } = await pinging.stop();
      assert.equal(segment.believedGateway(worker), formatAddress(gateways[0].underlay));
      assert.deepEqual(lost, []);
    });

    it("pass on what arrives at a standby, which the worker does not follow", async () => {
      const standby = segment.pod("gw4", 5);
      segment.serve(standby);
      const pinging = new Pinging(worker.name, behind);
      await pinging.begun();
      segment.prove(standby);
      segment.answerBy(standby);
      await pause(lateMs);
      const { lost } = await pinging.stop();
      segment.answerBy(gateways[0]);
      assert.equal(segment.believedGateway(worker), formatAddress(gateways[0].underlay));
      assert.deepEqual(lost, []);
    });

    it("lose pings if they send by the common address", async () => {
      for (const gateway of gateways) {
        const plan = segment.gatewayPlan(gateway);
        const links = plan.links.map((link) =>
          link.kind === "vxlan" ? { ...link, mac: worker.secrets.gatewayMac } : link,
        );
        applyPlan({ namespace: netnsPath(gateway.name) }, { ...plan, links });
      }
      const { lost } = await pingsOfMoves();
      assert.notDeepEqual(lost, []);
    });
  });
}
