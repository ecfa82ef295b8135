import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { netnsPath } from "../../src/adapters/linux/namespace.ts";
import { linuxNetlink } from "../../src/adapters/linux/netlink-transport.ts";
import { countersOf } from "../../src/adapters/nftables/read-counters.ts";
import { answered } from "../sites/pings.ts";
import { end, eventually, inNetns, start } from "../sites/shell.ts";
import { TranslatedNetworks } from "../sites/translated-networks.ts";

const site = (script: string) => join(import.meta.dirname, "../sites", script);

/** Per family: what the other side knows, and a length that is not one of whole bytes. */
const cases = [
  {
    family: 4,
    network: "10.0.2.0/24",
    seen: "192.168.77.0/24",
    remote: "172.31.2.0/24",
    at: (network: "local" | "remote", n: number) =>
      network === "local" ? `192.168.77.${n}` : `172.31.2.${n}`,
    uneven: { actual: "10.0.0.0/19", seen: "172.31.96.0/19", far: "172.31.98.9" },
    many: { range: "10.9.9.5-10.9.9.6", single: "10.0.2.1" },
  },
  {
    family: 6,
    network: "fd10:2::/64",
    seen: "fd77:1:2:3::/64",
    remote: "fd31:2:ffff::/64",
    at: (network: "local" | "remote", n: number) =>
      network === "local" ? `fd77:1:2:3::${n}` : `fd31:2:ffff::${n}`,
    uneven: { actual: "fd10:2::/45", seen: "fd31:8:28::/45", far: "fd31:8:28::9" },
    many: { range: "fd99::5-fd99::6", single: "fd10:2::1" },
  },
] as const;

for (const { family, network, seen, remote, at, uneven, many } of cases)
  describe(`networks that both sides have, IPv${family}`, () => {
    const greeters: ChildProcess[] = [];
    let lab: TranslatedNetworks;

    const greet = (netns: string, name: string) =>
      greeters.push(
        start("/dev/null", "ip", ["netns", "exec", netns, "node", site("greeter.ts"), name, "80"]),
      );
    const ask = (netns: string, host: string, port: number, count: number, by = "tcp") =>
      JSON.parse(inNetns(netns, `node ${site("ask.ts")} ${host} ${port} ${count} ${by}`)) as Record<
        string,
        number
      >;
    const reaches = (netns: string, address: string, ...options: string[]) =>
      answered(netns, address, "-c", "2", "-i", "0.2", ...options);
    /** The hops of a trace, with those that do not answer as `*`. */
    const hops = (netns: string, address: string) => {
      const trace = family === 4 ? "traceroute" : "traceroute6";
      const lines = inNetns(netns, `busybox ${trace} -n -q 1 -w 1 -m 4 ${address}`).split("\n");
      return lines.flatMap((line) => /^ *\d+ +(\S+)/.exec(line)?.[1] ?? []);
    };
    /** Has tcpdump print the ICMP messages at a device meanwhile, with the checksums of the packets that they quote. */
    const icmpAt = async (netns: string, device: string, act: () => unknown) => {
      const filter = family === 4 ? "icmp" : "icmp6";
      const args = `netns exec ${netns} tcpdump -U -l -n -vv -i ${device} ${filter}`.split(" ");
      const dump = spawn("ip", args, { stdio: ["ignore", "pipe", "pipe"] });
      const output = text(dump.stdout);
      await new Promise((resolve) => dump.stderr.once("data", resolve));
      act();
      await pause(300);
      await end(dump, "SIGINT");
      return output;
    };
    const isIntact = (output: string) =>
      assert.doesNotMatch(output, /(?:, bad cksum|wrong icmp cksum|bad icmp6 cksum)/);

    before(async () => {
      lab = new TranslatedNetworks(family);
      lab.translate({
        source: { networks: [{ local: network, seen }] },
        remote: [{ actual: network, seen: remote }],
      });
      for (const [netns, name] of [
        ["nat-worker", "worker"],
        ["nat-second", "second"],
        ["nat-partner", "partner"],
      ] as const)
        greet(netns, name);
      for (const netns of ["nat-worker", "nat-second", "nat-partner"])
        await eventually(() =>
          assert.match(JSON.stringify(ask(netns, "127.0.0.1", 80, 1)), /worker|second|partner/),
        );
    });
    after(async () => {
      await Promise.all(greeters.map((greeter) => end(greeter)));
      lab[Symbol.dispose]();
    });

    it("are reached from workers, and the partner sees each worker's own address", () => {
      assert.equal(reaches("nat-worker", at("remote", 3)), 2);
      assert.equal(reaches("nat-worker", at("remote", 9)), 2);
      for (const by of ["tcp", "udp"])
        for (const [netns, n] of [
          ["nat-worker", 3],
          ["nat-second", 4],
        ] as const)
          assert.deepEqual(ask(netns, at("remote", 3), 80, 3, by), {
            [`partner ${at("local", n)}`]: 3,
          });
    });

    it("are reached by the partner, and workers see its hosts", () => {
      assert.equal(reaches("nat-partner", at("local", 4)), 2);
      for (const by of ["tcp", "udp"])
        assert.deepEqual(ask("nat-partner", at("local", 4), 80, 3, by), {
          [`second ${at("remote", 3)}`]: 3,
        });
    });

    it("count the packets that each pair translates, in both directions", () => {
      const table = { table: "ipman" };
      const counted = () => {
        const volumes = countersOf(netnsPath(lab.gateway), table, linuxNetlink);
        return [...volumes].filter(([name]) => name.startsWith("nat/"));
      };
      const before = new Map(counted());
      assert.equal(
        ask("nat-worker", at("remote", 3), 80, 3, "udp")[`partner ${at("local", 3)}`],
        3,
      );
      const packets = counted().map(([name, { packets }]) => [
        name,
        packets - (before.get(name)?.packets ?? 0n),
      ]);
      const rules = [`source/${network}/as/${seen}`, `remote/${network}/as/${remote}`].flatMap(
        (rule) => ["inbound", "outbound"].map((way) => `nat/${rule.replaceAll(":", "-")}/${way}`),
      );
      assert.deepEqual(
        packets,
        rules.map((rule) => [rule, 3n]),
      );
    });

    it("need no connection tracking", () => {
      assert.doesNotMatch(inNetns(lab.gateway, "nft list ruleset"), /type nat|ct state/);
    });

    it("report a closed port to both sides", () => {
      assert.deepEqual(ask("nat-worker", at("remote", 3), 9, 1, "udp"), { ECONNREFUSED: 1 });
      assert.deepEqual(ask("nat-partner", at("local", 3), 9, 1, "udp"), { ECONNREFUSED: 1 });
    });

    it("show the hops of a trace to both sides", () => {
      const gateway = family === 4 ? "10.0.2.1" : "fd10:2::1";
      assert.deepEqual(hops("nat-worker", at("remote", 9)), [
        gateway,
        at("remote", 3),
        at("remote", 9),
      ]);
      const back = [at("local", 1), at("local", 4)];
      assert.deepEqual(hops("nat-partner", at("local", 4)), back);
    });

    it("have right checksums in errors of both directions and in the packets that these quote", async () => {
      const inward = await icmpAt("nat-gw", "inside", () => hops("nat-worker", at("remote", 9)));
      assert.match(inward, new RegExp(`${at("remote", 3)} > ${lab.hosts.worker}: .*exceeded`));
      isIntact(inward);
      for (const host of [3, 4]) {
        const outward = await icmpAt("nat-partner", "tunnel", () => {
          hops("nat-partner", at("local", host));
          ask("nat-partner", at("local", host), 9, 1, "udp");
        });
        assert.match(outward, new RegExp(`${at("local", 1)} > ${lab.hosts.partner}: .*exceeded`));
        assert.match(outward, /unreachable/);
        isIntact(outward);
      }
    });

    it("report packets that are too big to both sides", () => {
      lab.setMtu("nat-gw", "tunnel", 1_300);
      assert.equal(reaches("nat-worker", at("remote", 3), "-s", "1350", "-M", "do"), 0);
      assert.equal(lab.mtuTo("nat-worker", at("remote", 3)), 1_300);
      lab.setMtu("nat-gw", "tunnel", 1_500);
      lab.setMtu("nat-gw", "inside", 1_310);
      assert.equal(reaches("nat-partner", at("local", 3), "-s", "1350", "-M", "do"), 0);
      assert.equal(lab.mtuTo("nat-partner", at("local", 3)), 1_310);
      lab.setMtu("nat-gw", "inside", 1_500);
      lab.setMtu("nat-partner", "far", 1_320);
      assert.equal(reaches("nat-second", at("remote", 9), "-s", "1350", "-M", "do"), 0);
      assert.equal(lab.mtuTo("nat-second", at("remote", 9)), 1_320);
      lab.setMtu("nat-partner", "far", 1_500);
    });

    it("pass fragments", () => {
      assert.equal(reaches("nat-worker", at("remote", 3), "-s", "4000"), 2);
      assert.equal(reaches("nat-partner", at("local", 4), "-s", "4000"), 2);
    });

    it("may have a length that is not one of whole bytes", async () => {
      lab.translate({ remote: [{ actual: uneven.actual, seen: uneven.seen }] });
      // Without a translated source, an answer of the partner would go to its own host.
      lab.route("nat-far", lab.hosts.second + (family === 4 ? "/32" : "/128"), "eth0");
      lab.route("nat-partner", lab.hosts.second + (family === 4 ? "/32" : "/128"), "tunnel");
      assert.equal(reaches("nat-second", uneven.far), 2);
      const output = await icmpAt("nat-gw", "inside2", () => hops("nat-second", uneven.far));
      assert.match(output, /exceeded/);
      isIntact(output);
    });

    it("are hidden behind one address or a range that workers share", async () => {
      const hidden = (addresses: string) =>
        lab.translate({ source: { addresses }, remote: [{ actual: network, seen: remote }] });
      hidden(many.single);
      for (const netns of ["nat-worker", "nat-second"]) {
        for (const by of ["tcp", "udp"])
          assert.deepEqual(ask(netns, at("remote", 3), 80, 3, by), {
            [`partner ${many.single}`]: 3,
          });
        assert.equal(reaches(netns, at("remote", 9)), 2);
        assert.deepEqual(ask(netns, at("remote", 3), 9, 1, "udp"), { ECONNREFUSED: 1 });
      }
      const output = await icmpAt("nat-gw", "inside", () => hops("nat-worker", at("remote", 9)));
      assert.match(output, new RegExp(`${at("remote", 3)} > ${lab.hosts.worker}: .*exceeded`));
      isIntact(output);
      hidden(many.range);
      inNetns(lab.gateway, "nft list table inet ipman");
      const seenAs = Object.keys(ask("nat-worker", at("remote", 3), 80, 20));
      assert.equal(seenAs.length, 1, "a worker keeps its address");
      assert.match(seenAs.join(), /^partner (?:10\.9\.9\.|fd99::)[56]$/);
    });
  });
