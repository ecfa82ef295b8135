import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { netnsPath } from "../../src/adapters/linux/namespace.ts";
import { linuxNetlink } from "../../src/adapters/linux/netlink-transport.ts";
import { FilterMemory } from "../../src/adapters/nftables/apply-rules.ts";
import { countersOf } from "../../src/adapters/nftables/read-counters.ts";
import { formatAddress, parseAddress, type Address } from "../../src/model/net/address.ts";
import type { ExposedPort, RemotePort } from "../../src/model/translation/child-services.ts";
import { behindTheTunnel, LabSegment, type LabPod, type LabWorker } from "../sites/segment.ts";
import { answered } from "../sites/pings.ts";
import { end, eventually, inNetns, start } from "../sites/shell.ts";

const site = (script: string) => join(import.meta.dirname, "../sites", script);
const address = (text: string) => parseAddress(text) as Address;
const partner = "seg-behind";
const shown = "10.0.2.60";

/** The bytes of a question by UDP: one, with the headers of UDP and IPv4. */
const questionBytes = 29n;

describe("the counters of a gateway", () => {
  const greeters: ChildProcess[] = [];
  let memory = new FilterMemory();
  let segment: LabSegment;
  let gateway: LabPod;
  let worker: LabWorker;
  let pod: LabPod;

  const web = (...backends: readonly LabPod[]): ExposedPort => ({
    service: "shop/web",
    address: address(shown),
    transport: "udp",
    port: 443,
    affinity: false,
    backends: backends.map(({ underlay }) => ({ address: underlay, port: 8080 })),
  });
  const database: RemotePort = {
    service: "shop/database",
    transport: "udp",
    gatewayPort: 20_001,
    source: address("10.0.2.70"),
    backends: [{ address: address(behindTheTunnel), port: 5432 }],
  };
  const serve = (exposed: readonly ExposedPort[], remote: readonly RemotePort[] = []) => {
    segment.services = { exposed, remote };
    return segment.serve(gateway, memory);
  };
  const ask = (netns: string, host: string, port: number, count: number, own = "") =>
    JSON.parse(
      inNetns(netns, `node ${site("ask.ts")} ${host} ${port} ${count} udp ${own}`),
    ) as Record<string, number>;
  const counters = () => countersOf(netnsPath(gateway.name), { table: "ipman" }, linuxNetlink);
  /** The packets of a subject: from the partner, and to it. */
  const packets = (subject: string) =>
    ["inbound", "outbound"].map((direction) => counters().get(`${subject}/${direction}`)?.packets);

  before(async () => {
    segment = new LabSegment(4);
    gateway = segment.pod("gw", 1);
    worker = segment.attach(segment.pod("one", 2), "10.0.2.3", gateway);
    pod = segment.pod("two", 3);
    serve([]);
    for (const [netns, port] of [
      [worker.name, "8080"],
      [pod.name, "8080"],
      [partner, "5432"],
    ] as const) {
      const words = ["netns", "exec", netns, "node", site("greeter.ts"), netns, port];
      greeters.push(start("/dev/null", "ip", words));
      await eventually(() =>
        assert.match(JSON.stringify(ask(netns, "127.0.0.1", Number(port), 1)), /127/),
      );
    }
  });
  after(async () => {
    await Promise.all(greeters.map((greeter) => end(greeter)));
    segment[Symbol.dispose]();
  });

  it("are absent without Services and translation", () => {
    assert.deepEqual([...counters().keys()], ["refused"]);
  });

  it("count each packet between the partner and a Service once, whatever its endpoint is", () => {
    serve([web(worker)]);
    assert.deepEqual(packets("service/shop/web"), [0n, 0n]);
    assert.equal(Object.values(ask(partner, shown, 443, 3))[0], 3);
    assert.deepEqual(packets("service/shop/web"), [3n, 3n]);
    assert.equal(counters().get("service/shop/web/inbound")?.bytes, 3n * questionBytes);
    serve([web(pod)]);
    assert.deepEqual(packets("service/shop/web"), [3n, 3n]);
    assert.match(JSON.stringify(ask(partner, shown, 443, 2)), /seg-two/);
    assert.deepEqual(packets("service/shop/web"), [5n, 5n]);
  });

  it("do not count as changes of the table, and name their Service in it", () => {
    assert.equal(segment.serve(gateway, memory), 0);
    const listed = inNetns(gateway.name, "nft list ruleset");
    assert.match(listed, /counter service\/shop\/web\/inbound \{\s+packets 5 bytes \d+/);
    assert.match(listed, /counter name "service\/shop\/web\/outbound"/);
  });

  it("go on when another process replaces the table", () => {
    memory = new FilterMemory();
    assert.ok(serve([web(worker)]) > 0);
    assert.deepEqual(packets("service/shop/web"), [5n, 5n]);
    ask(partner, shown, 443, 1);
    assert.deepEqual(packets("service/shop/web"), [6n, 6n]);
  });

  it("count what the gateway refuses", () => {
    serve([web()]);
    assert.deepEqual(ask(partner, shown, 443, 1), { ECONNREFUSED: 1 });
    assert.equal(packets("service/shop/web")[0], 7n);
  });

  it("count no packet of a pod that sends to the address of a Service", () => {
    inNetns(pod.name, `ip route add ${shown} via ${formatAddress(gateway.underlay)}`);
    assert.deepEqual(ask(pod.name, shown, 443, 1), { ETIMEDOUT: 1 });
    assert.equal(packets("service/shop/web")[0], 7n);
  });

  it("count the packets of a pod to the partner, and its answers", () => {
    serve([web(pod)], [database]);
    const own = formatAddress(gateway.underlay);
    assert.deepEqual(ask(pod.name, own, 20_001, 4), { "seg-behind 10.0.2.70": 4 });
    assert.deepEqual(packets("service/shop/database"), [4n, 4n]);
  });

  it("do not take the port of a connection to an endpoint for that of a remote Service", () => {
    const [inbound = 0n] = packets("service/shop/web");
    // The gateway keeps the port of the client, 20,001, when it replaces the client's address.
    const answers = ask(partner, shown, 443, 2, "20001");
    assert.equal(answers[`seg-two ${formatAddress(gateway.underlay)}`], 2);
    assert.equal(packets("service/shop/web")[0], inbound + 2n);
    assert.deepEqual(packets("service/shop/database"), [4n, 4n]);
  });

  it("end with their Service, and begin at 0 when it returns", () => {
    serve([], [database]);
    assert.deepEqual(packets("service/shop/web"), [undefined, undefined]);
    assert.deepEqual(packets("service/shop/database"), [4n, 4n]);
    serve([web(pod)], [database]);
    assert.deepEqual(packets("service/shop/web"), [0n, 0n]);
  });

  it("count the packets whose source is an address that workers share, and the answers", () => {
    const { child } = segment;
    const shared = address("10.0.2.50");
    segment.child = {
      ...child,
      nat: { addresses: { first: shared, last: shared }, local: [], remote: [] },
    };
    serve([], [database]);
    assert.equal(answered(worker.name, behindTheTunnel, "-c", "3", "-i", "0.2"), 3);
    assert.deepEqual(packets("nat/source/10.0.2.50"), [3n, 3n]);
    assert.deepEqual(packets("service/shop/database"), [4n, 4n], "the frame is another one");
    segment.child = child;
    serve([]);
    assert.deepEqual([...counters().keys()], ["refused"]);
  });

  it("of 1,000 Services are read by one request", (t) => {
    const many = Array.from({ length: 1_000 }, (_, i) => ({
      ...web(pod),
      service: `shop/web-${i}`,
      port: i + 1,
    }));
    serve(many);
    const begin = performance.now();
    assert.equal(counters().size, 2_001);
    t.diagnostic(`${(performance.now() - begin).toFixed(1)} ms for 2,000 counters`);
    assert.equal(segment.serve(gateway, memory), 0);
  });
});
