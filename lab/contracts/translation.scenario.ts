import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { trackedUsage } from "../../src/adapters/conntrack/usage.ts";
import { netnsPath } from "../../src/adapters/linux/namespace.ts";
import { linuxNetlink } from "../../src/adapters/linux/netlink-transport.ts";
import { FilterMemory } from "../../src/adapters/nftables/apply-rules.ts";
import { formatAddress, parseAddress, type Address } from "../../src/model/net/address.ts";
import type { ExposedPort, RemotePort } from "../../src/model/translation/child-services.ts";
import { behindTheTunnel, LabSegment, type LabPod, type LabWorker } from "../sites/segment.ts";
import { answered } from "../sites/pings.ts";
import { end, eventually, inNetns, start } from "../sites/shell.ts";

const site = (script: string) => join(import.meta.dirname, "../sites", script);
const address = (text: string) => parseAddress(text) as Address;
const partner = "seg-behind";
const shown = "10.0.2.60";
const source = "10.0.2.70";
const seenBy = (names: readonly string[], client: string) =>
  names.map((name) => `${name} ${client}`);

describe("Services of a child in a gateway", () => {
  const memory = new FilterMemory();
  const greeters: ChildProcess[] = [];
  let segment: LabSegment;
  let gateway: LabPod;
  let worker: LabWorker;
  let pod: LabPod;

  const backend = ({ underlay }: LabPod, port = 8080) => ({ address: underlay, port });
  const web = (backends: ExposedPort["backends"], changes = {}): ExposedPort => ({
    service: "shop/web",
    address: address(shown),
    transport: "tcp",
    port: 443,
    affinity: false,
    backends,
    ...changes,
  });
  const database: RemotePort = {
    service: "shop/database",
    transport: "tcp",
    gatewayPort: 20_001,
    source: address(source),
    backends: [{ address: address(behindTheTunnel), port: 5432 }],
  };
  const byUdp = { transport: "udp" } as const;

  const serve = (exposed: readonly ExposedPort[], remote: readonly RemotePort[] = []) => {
    segment.services = { exposed, remote };
    segment.serve(gateway, memory);
  };
  const greet = (netns: string, name: string, ...ports: string[]) =>
    greeters.push(
      start("/dev/null", "ip", [
        "netns",
        "exec",
        netns,
        "node",
        site("greeter.ts"),
        name,
        ...ports,
      ]),
    );
  const ask = (netns: string, host: string, port: number, count: number, by = "tcp", own = "") =>
    JSON.parse(
      inNetns(netns, `node ${site("ask.ts")} ${host} ${port} ${count} ${by} ${own}`),
    ) as Record<string, number>;

  before(async () => {
    segment = new LabSegment(4);
    gateway = segment.pod("gw", 1);
    worker = segment.attach(segment.pod("one", 2), "10.0.2.3", gateway);
    pod = segment.pod("two", 3);
    serve([]);
    greet(worker.name, "worker", "8080");
    greet(pod.name, "pod", "8080");
    greet(partner, "partner", "5432");
    for (const [name, port] of [
      [worker.name, 8080],
      [pod.name, 8080],
      [partner, 5432],
    ] as const)
      await eventually(() => assert.match(JSON.stringify(ask(name, "127.0.0.1", port, 1)), /127/));
  });
  after(async () => {
    await Promise.all(greeters.map((greeter) => end(greeter)));
    segment[Symbol.dispose]();
  });

  it("track no connections if there are none", () => {
    assert.doesNotMatch(inNetns(gateway.name, "nft list ruleset"), /type nat/);
  });

  it("are reached by the partner, whose address a worker sees, and a pod sees the gateway's", () => {
    serve([web([backend(worker), backend(pod)])]);
    const answers = ask(partner, shown, 443, 60);
    const seen = formatAddress(gateway.underlay);
    const expected = [...seenBy(["pod"], seen), ...seenBy(["worker"], behindTheTunnel)];
    assert.deepEqual(Object.keys(answers).toSorted(), expected);
    for (const count of Object.values(answers)) assert.ok(count > 12, JSON.stringify(answers));
  });

  it("have the kernel take up connections whose beginning it has not seen", () => {
    const names = ["tcp_be_liberal", "tcp_loose"].map(
      (name) => `net.netfilter.nf_conntrack_${name}`,
    );
    assert.equal(inNetns(gateway.name, `sysctl -n ${names.join(" ")}`).trim(), "1\n1");
  });

  it("are reached by UDP, and by a ping of their address", () => {
    serve([web([backend(worker)], byUdp)]);
    assert.deepEqual(ask(partner, shown, 443, 5, "udp"), { [`worker ${behindTheTunnel}`]: 5 });
    assert.equal(answered(partner, shown, "-c", "2", "-i", "0.2"), 2);
  });

  it("lead a client by UDP to another backend once its own has left, also from the same port", () => {
    const asked = (program = memory) => {
      segment.serve(gateway, program);
      return Object.keys(ask(partner, shown, 443, 2, "udp", "40000"));
    };
    segment.services = { exposed: [web([backend(worker)], byUdp)], remote: [] };
    assert.deepEqual(asked(), seenBy(["worker"], behindTheTunnel));
    const seen = seenBy(["pod"], formatAddress(gateway.underlay));
    segment.services = { exposed: [web([backend(pod)], byUdp)], remote: [] };
    assert.deepEqual(asked(), seen);
    assert.deepEqual(asked(), seen);
    const { connections = 0, limit = 0 } =
      trackedUsage(netnsPath(gateway.name), linuxNetlink) ?? {};
    assert.ok(connections > 0 && limit > connections, `${connections} of ${limit}`);
    // Another process knows nothing of the backends before.
    segment.services = { exposed: [web([backend(worker)], byUdp)], remote: [] };
    assert.deepEqual(asked(new FilterMemory()), seenBy(["worker"], behindTheTunnel));
  });

  it("have one backend for all connections of a client with affinity", () => {
    serve([web([backend(worker), backend(pod)], { affinity: true })]);
    assert.equal(Object.keys(ask(partner, shown, 443, 20)).length, 1);
  });

  it("refuse a port that they do not have, and one without a backend", () => {
    serve([web([backend(worker)]), web([], { port: 444 })]);
    assert.deepEqual(ask(partner, shown, 445, 1), { ECONNREFUSED: 1 });
    assert.deepEqual(ask(partner, shown, 444, 1), { ECONNREFUSED: 1 });
    assert.deepEqual(ask(partner, shown, 445, 1, "udp"), { ECONNREFUSED: 1 });
  });

  it("lose no connection while their backends change", async () => {
    const program = ["netns", "exec", partner, "node", site("ask.ts"), shown, "443", "1500"];
    const child = spawn("ip", program, { stdio: ["ignore", "pipe", "inherit"] });
    const asking = text(child.stdout);
    let changes = 0;
    for (; child.exitCode === null; changes++) {
      serve([web(changes % 2 === 0 ? [backend(worker), backend(pod)] : [backend(worker)])]);
      await pause(5);
    }
    const answers = JSON.parse(await asking) as Record<string, number>;
    const good = Object.entries(answers).filter(([answer]) => /^(worker|pod) /.test(answer));
    assert.equal(
      good.reduce((sum, [, count]) => sum + count, 0),
      1_500,
      JSON.stringify(answers),
    );
    assert.ok(changes > 10, `${changes} changes`);
  });

  it("are reached by SCTP, and lead a pod to the partner by it", async () => {
    const bySctp = { transport: "sctp" } as const;
    const serving = async (netns: string, name: string, port: string) => {
      const serve = ["netns", "exec", netns, "perl", site("sctp.pl"), "serve", name, port];
      const server = spawn("ip", serve, { stdio: ["ignore", "pipe", "inherit"] });
      greeters.push(server);
      await once(server.stdout, "data");
    };
    const asked = (netns: string, host: string, port: number) =>
      new Set(
        inNetns(netns, `perl ${site("sctp.pl")} ask ${host} ${port} 20`)
          .trim()
          .split("\n"),
      );
    await serving(worker.name, "worker", "8080");
    await serving(pod.name, "pod", "8080");
    await serving(partner, "partner", "5432");
    serve([web([backend(worker), backend(pod)], bySctp)], [{ ...database, ...bySctp }]);
    const own = formatAddress(gateway.underlay);
    const expected = [...seenBy(["pod"], own), ...seenBy(["worker"], behindTheTunnel)];
    assert.deepEqual([...asked(partner, shown, 443)].toSorted(), expected);
    assert.deepEqual(asked(pod.name, own, 20_001), new Set([`partner ${source}`]));
  });

  it("lead a pod to the partner, which sees an address of the child", () => {
    serve([], [database, { ...database, ...byUdp }]);
    const seen = { [`partner ${source}`]: 3 };
    const own = formatAddress(gateway.underlay);
    assert.deepEqual(ask(pod.name, own, 20_001, 3), seen);
    assert.deepEqual(ask(pod.name, own, 20_001, 3, "udp"), seen);
  });

  it("lead no pod to the partner by another port or address", () => {
    inNetns(pod.name, `ip route add ${behindTheTunnel} via ${formatAddress(gateway.underlay)}`);
    assert.equal(answered(pod.name, behindTheTunnel, "-c", "2", "-i", "0.2"), 0);
    assert.deepEqual(ask(pod.name, formatAddress(gateway.underlay), 20_002, 1), { ETIMEDOUT: 1 });
  });

  it("have pods send segments that fit the tunnel", async () => {
    serve([web([backend(pod)])]);
    const syn = "tcp[tcpflags]=tcp-syn and dst port 8080";
    const words = `netns exec ${pod.name} timeout 10 tcpdump -l -n -c 1 -i eth0 ${syn}`;
    const capture = spawn("ip", words.split(" "), { stdio: ["ignore", "pipe", "pipe"] });
    // tcpdump prints a line once it listens.
    await once(capture.stderr, "data");
    const captured = text(capture.stdout);
    ask(partner, shown, 443, 1);
    // The MTU of 1,400 bytes without the headers of IPv4 and TCP.
    assert.match(await captured, /mss 1360/);
  });

  it("leave workers as they are", () => {
    serve([web([backend(pod)])], [database]);
    assert.equal(segment.reaches(worker), 2);
    assert.equal(segment.reached(worker), 2);
  });

  it("are restored after a flush, and change nothing in a second pass", () => {
    inNetns(gateway.name, "nft flush ruleset");
    assert.notEqual(segment.serve(gateway, memory), 0);
    assert.equal(segment.serve(gateway, memory), 0);
    assert.deepEqual(Object.keys(ask(partner, shown, 443, 1)), [
      `pod ${formatAddress(gateway.underlay)}`,
    ]);
  });
});
