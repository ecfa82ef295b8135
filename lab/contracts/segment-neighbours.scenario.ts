import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { formatAddress, parseAddress, type Address } from "../../src/model/net/address.ts";
import { attack } from "../sites/attack.ts";
import { arpRequest, udpPacket, vxlanDatagram } from "../sites/frames.ts";
import { LabSegment, type LabPod, type LabWorker } from "../sites/segment.ts";
import { inNetns, ip } from "../sites/shell.ts";

const address = (text: string) => parseAddress(text) as Address;
const behind = address("10.1.2.1");

for (const family of [4, 6] as const) {
  describe(`the neighbours in a segment over IPv${family}`, () => {
    let segment: LabSegment;
    let gateway: LabPod;
    let worker: LabWorker;

    before(() => {
      segment = new LabSegment(family);
      gateway = segment.pod("gw", 1);
      worker = segment.attach(segment.pod("one", 2), "10.0.2.3", gateway);
      segment.serve(gateway);
    });
    after(() => segment[Symbol.dispose]());

    const flags = ({ name }: LabPod) => ip(`-n ${name} link show ${segment.device}`);

    it("stay as planned if a worker hides ARP requests behind its own packets", () => {
      const neighbours = () =>
        inNetns(gateway.name, `ip -4 neigh show dev ${segment.device} nud all`)
          .split("\n")
          .toSorted();
      const before = neighbours();
      const { mac, gatewayMac } = worker.secrets;
      const frame = (type: number, payload: Buffer) =>
        vxlanDatagram({
          vni: segment.child.ifId,
          destination: gatewayMac,
          source: mac,
          type,
          payload,
        });
      const own = frame(0x0800, udpPacket(worker.address.address, behind));
      const hidden = [30, 31, 32].map((last) =>
        frame(
          0x0806,
          arpRequest({ mac, address: address(`10.0.2.${last}`) }, segment.child.vxlanIp.address),
        ),
      );
      const arrived = segment.received("seg-behind", "tunnel");
      attack(worker, gateway, { coalesced: [own, ...hidden, own] });
      assert.equal(segment.received("seg-behind", "tunnel"), arrived + 2);
      assert.deepEqual(neighbours(), before);
    });

    it("are not resolved, even on devices that an earlier version created", () => {
      for (const pod of [gateway, worker]) {
        assert.match(flags(pod), /NOARP/);
        ip(`-n ${pod.name} link set ${segment.device} arp on`);
      }
      segment.attach(worker, formatAddress(worker.address.address), gateway);
      assert.notEqual(segment.serve(gateway), 0);
      for (const pod of [gateway, worker]) assert.match(flags(pod), /NOARP/);
      assert.equal(segment.serve(gateway), 0);
      assert.equal(segment.reaches(worker), 2);
      assert.equal(segment.reached(worker), 2);
    });
  });
}
