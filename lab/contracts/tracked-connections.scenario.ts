import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { ChildProcess } from "node:child_process";
import { removeStaleFlows } from "../../src/adapters/conntrack/stale-flows.ts";
import { trackedUsage } from "../../src/adapters/conntrack/usage.ts";
import { netnsPath } from "../../src/adapters/linux/namespace.ts";
import { linuxNetlink } from "../../src/adapters/linux/netlink-transport.ts";
import { parseAddress, type Address } from "../../src/model/net/address.ts";
import { end, eventually, inNetns, ip, start } from "../sites/shell.ts";

const netns = "tracked";
const port = 5353;
const site = (script: string) => join(import.meta.dirname, "../sites", script);

describe("the tracked connections of the kernel", () => {
  let greeter: ChildProcess;
  const place = netnsPath(netns);
  const own = (text: string, at = port) => ({ address: parseAddress(text) as Address, port: at });
  const remove = (text: string, backends: ReturnType<typeof own>[], at = port) =>
    removeStaleFlows(place, [{ ...own(text, at), backends }], linuxNetlink);
  const ask = (host: string, count = 1) =>
    inNetns(netns, `node ${site("ask.ts")} ${host} ${port} ${count} udp`);
  const count = () => trackedUsage(place, linuxNetlink)?.connections ?? 0;

  before(async () => {
    ip(`netns add ${netns}`);
    ip(`-n ${netns} link set lo up`);
    for (const command of [
      "add table inet t",
      "add chain inet t c { type filter hook output priority 0 ; }",
      "add rule inet t c ct state new accept",
    ])
      inNetns(netns, `nft ${command}`);
    const program = ["node", site("greeter.ts"), "greeter", String(port)];
    greeter = start("/dev/null", "ip", ["netns", "exec", netns, ...program]);
    await eventually(() => assert.match(ask("127.0.0.1"), /greeter/));
  });
  after(async () => {
    await end(greeter);
    ip(`netns del ${netns}`);
  });

  it("are counted, with the limit of the node", () => {
    const from = count();
    ask("127.0.0.1", 3);
    assert.ok(count() >= from + 3);
    const limit = Number(inNetns(netns, "sysctl -n net.netfilter.nf_conntrack_max"));
    assert.equal(trackedUsage(place, linuxNetlink)?.limit, limit);
  });

  for (const host of ["127.0.0.1", "::1"]) {
    it(`end by UDP to ${host} if their backend is not a target, and only those of that port`, () => {
      remove(host, []);
      ask(host, 3);
      assert.equal(remove(host, [own(host)]), 0);
      assert.equal(remove(host, [], port + 1), 0);
      assert.equal(remove(host === "::1" ? "::2" : "127.0.0.2", []), 0);
      assert.equal(remove(host, [own(host, port + 1)]), 3);
      assert.equal(remove(host, []), 0);
    });
  }

  it("are unknown in a namespace that does not exist", () => {
    assert.throws(() => trackedUsage(netnsPath("missing"), linuxNetlink), { code: "ENOENT" });
  });
});
