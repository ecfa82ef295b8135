import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import { connectionSpec, sites } from "../sites/manifests.ts";
import { inNetns, ip } from "../sites/shell.ts";
import { transfer } from "../sites/transfer.ts";
import { TwoSites } from "../sites/two-sites.ts";

/** ESP with AES-CBC and SHA-256 over IPv4 leaves 1438 of 1500 bytes; 40 are TCP's and IP's. */
const clamped = 1398;
const gateway = "ipman-102";

describe("the traffic of a tunnel", () => {
  const resources = new AsyncDisposableStack();
  let lab: TwoSites;

  before(async () => {
    lab = resources.use(await TwoSites.build());
    await lab.up(connectionSpec("first"));
    // The sender behaves as if it did not know the tunnel's MTU, so its segments would not fit.
    ip("-n app link set vxlan102 mtu 1500");
    ip("-n app route change 10.1.2.0/24 via 10.0.2.1 dev vxlan102 src 10.0.2.3 onlink mtu 1500");
  });
  after(() => resources.disposeAsync());

  it("has a worker's maximum segment size clamped towards the peer", async () => {
    const syn = await synOn("xfrm102", "dst host 10.1.2.1");
    await transfer("peer", "app", "10.1.2.1", "1M");
    assert.equal(mssOf(await syn.output), clamped);
  });

  it("has the peer's maximum segment size clamped towards the worker", async () => {
    const syn = await synOn("vxlan102", "dst host 10.0.2.3");
    await transfer("app", "peer", "10.0.2.3", "1M", "-B", "10.1.2.1");
    assert.equal(mssOf(await syn.output), clamped);
  });

  it("is counted completely by the xfrm interface and by the CHILD SA", async () => {
    // The test counts bytes, since a packet here may have many segments, which are split later.
    const sent = () => Number(statistic("tx_bytes"));
    const before = sent();
    const { bytes } = await transfer("peer", "app", "10.1.2.1", "8M");
    assert.ok(bytes > 4 * 2 ** 20, `${bytes} bytes arrived`);
    assert.ok(sent() - before >= bytes, `${sent() - before} bytes, at least ${bytes}`);
    await using session = await lab.node.session();
    const [item] = await Array.fromAsync(session.stream("list-sas"));
    const [child] = Object.values(item?.["first"]?.["child-sas"] ?? {});
    assert.ok(Number(child?.["bytes-out"]) >= bytes, child?.["bytes-out"]);
    assert.equal(statistic("tx_errors"), "0");
    assert.equal(statistic("tx_dropped"), "0");
  });

  it("is counted by reason if IPsec drops it", async () => {
    const charon = 'ipman_xfrm_errors_total{counter="XfrmInNoStates"}';
    const before = await lab.ipman.metrics();
    // The peer sends on an SA that this side does not have.
    const { peer, node } = sites;
    const ends = `src ${peer.v4} dst ${node.v4}`;
    const key = `0x${"0b".repeat(20)}`;
    ip(
      `-n peer xfrm state add ${ends} proto esp spi 0xbad mode tunnel aead rfc4106(gcm(aes)) ${key} 128`,
    );
    ip(`-n peer xfrm policy add dst 10.77.0.1/32 dir out tmpl ${ends} proto esp mode tunnel`);
    ip(`-n peer route add 10.77.0.1/32 via ${node.v4}`);
    assert.throws(() => ip("netns exec peer ping -c 3 -i 0.05 -W 1 10.77.0.1"));
    const after = await lab.ipman.metrics();
    assert.equal((after.get(charon) ?? 0) - (before.get(charon) ?? 0), 3);
  });

  function statistic(name: string): string {
    return inNetns(gateway, `cat /sys/class/net/xfrm102/statistics/${name}`).trim();
  }
});

/** The first SYN that leaves by a device of the gateway. */
async function synOn(device: string, filter: string) {
  const expression = `tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn and ${filter}`;
  const args = ["netns", "exec", gateway, "tcpdump", "-n", "-v", "-l", "-c", "1", "-Q", "out"];
  const dump = spawn("ip", [...args, "-i", device, expression], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = text(dump.stdout);
  // tcpdump prints a line once it listens.
  await new Promise((resolve) => dump.stderr.once("data", resolve));
  return { output };
}

function mssOf(dump: string): number {
  return Number(/\bmss (\d+)/.exec(dump)?.[1]);
}
