import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { attack } from "../../lab/sites/attack.ts";
import { vxlanDatagram } from "../../lab/sites/frames.ts";
import { LabSegment } from "../../lab/sites/segment.ts";
import { inNetns, ip } from "../../lab/sites/shell.ts";
import type { TwoSites } from "../../lab/sites/two-sites.ts";
import { quantile, type Row } from "../row.ts";
import { Traffic } from "./traffic.ts";

const rounds = 9;
const hostileFrames = 400_000;
const passes = 9;

/** The cost of a segment's packet filters, and of a pass after a flood of hostile frames. */
export async function segmentRows(lab: TwoSites): Promise<Row[]> {
  await lab.ipman.start();
  await lab.ipman.ready("good");
  ip("netns add app");
  lab.ipman.attach("app", "good", "child-2");
  // The devices and filters stay, and ipman does not repair them.
  await lab.ipman.stop();
  const filters = [new Filter("ipman-102"), new Filter("app")];
  const way = { from: "app", to: "peer", address: "10.1.2.1" };
  const [filtered, open] = [new Traffic(way), new Traffic(way)];
  for (let round = 0; round < rounds; round++) {
    await filtered.measure();
    for (const filter of filters) filter.remove();
    await open.measure();
    for (const filter of filters) filter.restore();
  }
  ip("netns del app");
  const against = "the same without the segment's packet filters, in turns";
  return [
    {
      what: "throughput from a worker to the peer, the middle of 9",
      against,
      unit: "Mbit/s",
      ours: filtered.rate,
      theirs: open.rate,
      goal: { atLeast: 0.97 },
      larger: true,
    },
    {
      what: "a ping from a worker to the peer, the middle of 9 times 2,000",
      against,
      unit: "ms",
      ours: filtered.ping,
      theirs: open.ping,
      goal: { atMost: 1.05 },
    },
    afterFlood(),
  ];
}

/** The packet filter of a namespace, which can be removed and restored. */
class Filter {
  readonly #netns: string;
  readonly #rules: string;

  constructor(netns: string) {
    this.#netns = netns;
    this.#rules = inNetns(netns, "nft list ruleset");
    assert.match(this.#rules, /chain segment/);
  }

  remove(): void {
    inNetns(this.#netns, "nft flush ruleset");
  }

  restore(): void {
    execFileSync("ip", ["netns", "exec", this.#netns, "nft", "-f", "-"], { input: this.#rules });
  }
}

/** A pass over a gateway after a flood from a stranger. */
function afterFlood(): Row {
  using segment = new LabSegment(4);
  const gateway = segment.pod("gw", 1);
  const stranger = segment.pod("stranger", 4);
  const { secrets } = segment.attach(segment.pod("one", 2), "10.0.2.3", gateway);
  segment.serve(gateway);
  const frame = {
    vni: segment.child.ifId,
    destination: secrets.gatewayMac,
    source: secrets.mac,
    type: 0x0800,
    payload: Buffer.alloc(46),
  };
  attack(stranger, gateway, { each: vxlanDatagram(frame), count: hostileFrames });
  const times = Array.from({ length: passes }, () => {
    const started = performance.now();
    assert.equal(segment.serve(gateway), 0);
    return performance.now() - started;
  });
  return {
    what: "one pass over a gateway after 400,000 hostile frames, each with a MAC address of its own",
    against: "",
    unit: "ms",
    ours: quantile(times, 0.5),
    goal: { atMost: 20 },
  };
}
