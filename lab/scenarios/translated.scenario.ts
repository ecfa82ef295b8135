import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { find } from "../sites/ipman.ts";
import { childSpec, connectionSpec, psk, secret, sites, yaml } from "../sites/manifests.ts";
import { answered, noneLost, pings } from "../sites/pings.ts";
import { end, eventually, inNetns, ip, sh, start } from "../sites/shell.ts";
import { TwoSites } from "../sites/two-sites.ts";

const site = (script: string) => join(import.meta.dirname, "../sites", script);
const bin = join(import.meta.dirname, "../../bin/ipman");

/** The one address that the partner grants, for all workers of a child; and that of another child. */
const granted = "10.99.0.5";
const other = "10.99.0.6";

const connection = connectionSpec("partner", {
  children: {
    "child-2": childSpec(2, {
      local_ips: [`${granted}/32`],
      nat: { source: { addresses: granted } },
      probe: { address: "10.1.2.1", intervalSeconds: 1 },
    }),
    // Both sites use the same network, and one host on each side has the same address.
    "child-3": childSpec(3, {
      local_ips: ["192.168.77.0/24"],
      remote_ips: ["10.0.3.0/24"],
      nat: {
        source: { networks: [{ local: "10.0.3.0/24", seen: "192.168.77.0/24" }] },
        remote: [{ actual: "10.0.3.0/24", seen: "172.31.3.0/24" }],
      },
      probe: { address: "172.31.3.3", intervalSeconds: 1 },
    }),
    // The partner's network has another address here, and connections are tracked.
    "child-4": childSpec(4, {
      local_ips: [`${other}/32`],
      nat: {
        source: { addresses: other },
        remote: [{ actual: "10.1.4.0/24", seen: "172.31.6.0/24" }],
      },
    }),
    six: childSpec(6, {
      name: "six",
      local_ips: ["fd00:77::/64"],
      remote_ips: ["fd00:a0:6::/64"],
      xfrm_ip: "fd00:a0:6::1/64",
      vxlan_ip: "fd00:a0:6::2/64",
      ip_pools: { primary: ["fd00:a0:6::10-fd00:a0:6::11/64"] },
      nat: {
        source: { networks: [{ local: "fd00:a0:6::/64", seen: "fd00:77::/64" }] },
        remote: [{ actual: "fd00:a0:6::/64", seen: "fd00:31::/64" }],
      },
    }),
  },
});

describe("a child whose addresses are translated", () => {
  const resources = new AsyncDisposableStack();
  const greeters: ChildProcess[] = [];
  let lab: TwoSites;

  const greet = (netns: string) =>
    greeters.push(
      start("/dev/null", "ip", [
        ..."netns exec".split(" "),
        netns,
        "node",
        site("greeter.ts"),
        netns,
        "8080",
      ]),
    );
  const ask = (netns: string, host: string, port: number, count: number, by = "tcp") =>
    JSON.parse(inNetns(netns, `node ${site("ask.ts")} ${host} ${port} ${count} ${by}`)) as Record<
      string,
      number
    >;
  const hops = (netns: string, trace: string, address: string) =>
    inNetns(netns, `busybox ${trace} -n -q 1 -w 1 -m 3 ${address}`)
      .split("\n")
      .flatMap((line) => /^ *\d+ +(\S+)/.exec(line)?.[1] ?? []);

  before(async () => {
    lab = resources.use(await TwoSites.build());
    await lab.mirror(connection);
    ip("-n peer addr add 10.0.3.3/32 dev lo");
    ip("-n peer -6 addr add fd00:a0:6::10/128 dev lo nodad");
    ip(`-n peer route add ${granted} dev wire0 src 10.1.2.1`);
    ip(`-n peer route add ${other} dev wire0 src 10.1.4.1`);
    ip("-n peer route add 192.168.77.0/24 dev wire0 src 10.0.3.3");
    ip("-n peer -6 route add fd00:77::/64 dev wire0 src fd00:a0:6::10");
    for (const netns of ["app2", "app2b", "app3", "app3b", "app4", "app4b", "app6", "app6b"])
      ip(`netns add ${netns}`);
    for (const netns of ["app2", "app3", "app6"]) ip(`-n ${netns} link set lo up`);
    lab.ipman.apply("secret.yaml", yaml(secret({ partner: psk })));
    lab.ipman.apply("partner.yaml", yaml(connection));
    await lab.ipman.start();
    await lab.ipman.ready("partner");
    for (const [netns, child, address] of [
      ["app2", "child-2", "10.0.2.3/24"],
      ["app2b", "child-2", "10.0.2.4/24"],
      ["app3", "child-3", "10.0.3.3/24"],
      ["app3b", "child-3", "10.0.3.4/24"],
      ["app4", "child-4", "10.0.4.3/24"],
      ["app4b", "child-4", "10.0.4.4/24"],
      ["app6", "six", "fd00:a0:6::10/64"],
      ["app6b", "six", "fd00:a0:6::11/64"],
    ] as const)
      assert.equal(lab.ipman.attach(netns, "partner", child), address);
    for (const netns of ["peer", "app2", "app3", "app6"]) {
      greet(netns);
      await eventually(() =>
        assert.match(JSON.stringify(ask(netns, "127.0.0.1", 8080, 1)), /127\.0\.0\.1/),
      );
    }
  });
  after(async () => {
    await Promise.all(greeters.map((greeter) => end(greeter)));
    await resources.disposeAsync();
  });

  it("has all workers behind the one address that the partner grants", () => {
    for (const netns of ["app2", "app2b"]) {
      assert.deepEqual(pings(netns, 20, "10.1.2.1"), noneLost(20));
      for (const by of ["tcp", "udp"])
        assert.deepEqual(ask(netns, "10.1.2.1", 8080, 3, by), { [`peer ${granted}`]: 3 });
      assert.deepEqual(ask(netns, "10.1.2.1", 9, 1, "udp"), { ECONNREFUSED: 1 });
    }
  });

  it("joins workers behind one address to hosts under other ones", () => {
    for (const by of ["tcp", "udp"])
      assert.deepEqual(ask("app4", "172.31.6.1", 8080, 3, by), { [`peer ${other}`]: 3 });
    assert.deepEqual(ask("app4", "172.31.6.1", 9, 1, "udp"), { ECONNREFUSED: 1 });
  });

  it("accepts no connection of the partner to that address", () => {
    assert.deepEqual(ask("peer", granted, 8080, 1), { ETIMEDOUT: 1 });
  });

  for (const [what, netns, remote, local, own, seen] of [
    ["IPv4", "app3", "172.31.3.3", "10.0.3.3", "192.168.77.3", "192.168.77.3"],
    ["IPv6", "app6", "fd00:31::10", "fd00:a0:6::10", "fd00:77::10", "fd00:77::10"],
  ] as const)
    it(`joins hosts with the same address on both sides, ${what}`, () => {
      assert.deepEqual(pings(netns, 20, remote), noneLost(20));
      assert.deepEqual(pings("peer", 5, own, "-I", local), noneLost(5));
      for (const by of ["tcp", "udp"]) {
        assert.deepEqual(ask(netns, remote, 8080, 3, by), { [`peer ${seen}`]: 3 });
        assert.deepEqual(ask("peer", own, 8080, 3, by), { [`${netns} ${remote}`]: 3 });
      }
    });

  it("leads the partner to the right worker", () => {
    assert.deepEqual(pings("peer", 5, "192.168.77.4", "-I", "10.0.3.3"), noneLost(5));
    assert.equal(answered("peer", "192.168.77.9", "-c", "1", "-I", "10.0.3.3"), 0);
  });

  it("reports closed ports to both sides", () => {
    for (const [netns, remote, own] of [
      ["app3", "172.31.3.3", "192.168.77.3"],
      ["app6", "fd00:31::10", "fd00:77::10"],
    ] as const) {
      assert.deepEqual(ask(netns, remote, 9, 1, "udp"), { ECONNREFUSED: 1 });
      assert.deepEqual(ask("peer", own, 9, 1, "udp"), { ECONNREFUSED: 1 });
    }
  });

  it("shows the hops of a trace to both sides", () => {
    assert.deepEqual(hops("app3", "traceroute", "172.31.3.3").slice(1), ["172.31.3.3"]);
    assert.deepEqual(hops("peer", "traceroute -s 10.0.3.3", "192.168.77.4"), [
      "192.168.77.1",
      "192.168.77.4",
    ]);
    assert.deepEqual(hops("app6", "traceroute6", "fd00:31::10").slice(1), ["fd00:31::10"]);
    assert.deepEqual(hops("peer", "traceroute6 -s fd00:a0:6::10", "fd00:77::10"), [
      "fd00:77::1",
      "fd00:77::10",
    ]);
  });

  it('answers packets that are too large with "too big"', () => {
    for (const [netns, remote] of [
      ["app2", "10.1.2.1"],
      ["app3", "172.31.3.3"],
      ["app4", "172.31.6.1"],
      ["app6", "fd00:31::10"],
    ] as const) {
      const mtu = Number(/mtu (\d+)/.exec(ip(`-n ${netns} -d link show type vxlan`))?.[1]);
      const headers = netns === "app6" ? 48 : 28;
      const fits = ["-c", "2", "-i", "0.2", "-M", "do", "-s", String(mtu - headers)];
      assert.equal(answered(netns, remote, ...fits), 2);
      // A worker with a larger MTU learns of the tunnel's.
      ip(
        `-n ${netns} link set ${/vxlan\d+/.exec(ip(`-n ${netns} link show type vxlan`))?.[0]} mtu 1445`,
      );
      assert.equal(
        answered(
          netns,
          remote,
          "-c",
          "2",
          "-i",
          "0.2",
          "-M",
          "do",
          "-s",
          String(mtu - headers + 1),
        ),
        0,
      );
      assert.match(ip(`-n ${netns} route get ${remote}`), new RegExp(`mtu ${mtu}`));
    }
  });

  it("reports packets that are too big for a path that became smaller", async () => {
    ip(`route add ${sites.peer.v4} dev wire0 mtu 1400`);
    const mtuTo = (netns: string, address: string) =>
      Number(/mtu (\d+)/.exec(ip(`-n ${netns} route get ${address}`))?.[1] ?? 1_500);
    for (const [netns, remote] of [
      ["app2b", "10.1.2.1"],
      ["app3b", "172.31.3.3"],
      ["app4b", "172.31.6.1"],
      ["app6b", "fd00:31::10"],
    ] as const) {
      assert.equal(answered(netns, remote, "-c", "1", "-M", "do", "-s", "1370"), 0);
      const mtu = await eventually(() => {
        const known = mtuTo(netns, remote);
        assert.ok(known < 1_400, `${netns}: ${known}`);
        return known;
      });
      assert.ok(mtu > 1_280, `${netns}: ${mtu}`);
    }
    ip(`route del ${sites.peer.v4} dev wire0`);
  });

  it("has probes that are translated like packets of workers", async () => {
    await lab.ipman.until(
      (status) =>
        find(status, "partner")?.conditions.some(
          ({ type, status }) => type === "Reachable" && status === "True",
        ) === true,
    );
  });

  it("is described and diagnosed by the addresses of both views", () => {
    const described = sh(bin, "describe", "partner");
    assert.match(described, /nat +the partner sees workers as 10\.99\.0\.5/);
    assert.match(described, /nat +workers see 10\.0\.3\.0\/24 as 172\.31\.3\.0\/24/);
    assert.match(
      described,
      /nat +workers know the networks as 10\.0\.3\.0\/24 with 172\.31\.3\.0\/24/,
    );
    const diagnosed = sh(bin, "diagnose", "partner", "child-3", "--ping", "172.31.3.3");
    assert.match(diagnosed, /172\.31\.3\.3 answers/);
    assert.match(diagnosed, /the partner sees 10\.0\.3\.0\/24 as 192\.168\.77\.0\/24/);
  });

  it("is counted by rule in both directions, and goes on after a restart of ipman", async () => {
    const counted = async () => {
      const series = await lab.ipman.metrics();
      return ["inbound", "outbound"].map((direction) => {
        const labels = `connection="partner",child="child-3",rule="remote 10.0.3.0/24 as 172.31.3.0/24"`;
        return series.get(`ipman_nat_packets_total{${labels},direction="${direction}"}`) ?? -1;
      }) as [number, number];
    };
    const [inbound, outbound] = await counted();
    assert.equal(answered("app3", "172.31.3.3", "-c", "5", "-i", "0.2"), 5);
    const [inAfter, outAfter] = await counted();
    assert.ok(inAfter >= inbound + 5 && outAfter >= outbound + 5, `${inAfter} ${outAfter}`);
    await lab.ipman.stop();
    await lab.ipman.start();
    await lab.ipman.ready("partner");
    await eventually(async () => {
      const [inNow, outNow] = await counted();
      assert.ok(inNow >= inAfter && outNow >= outAfter, `${inNow} ${outNow}`);
    });
  });

  it("changes the translation without an IKE exchange", async () => {
    const spis = () => [...ip("xfrm state").matchAll(/spi (0x\w+)/g)].map(([, spi]) => spi);
    const before = spis();
    const children = structuredClone(connection.spec.children) as Record<string, object>;
    Object.assign(children["child-3"] as object, {
      nat: {
        source: { networks: [{ local: "10.0.3.0/24", seen: "192.168.77.0/24" }] },
        remote: [{ actual: "10.0.3.0/24", seen: "172.31.4.0/24" }],
      },
      probe: { address: "172.31.4.3", intervalSeconds: 1 },
    });
    lab.ipman.apply("partner.yaml", yaml(connectionSpec("partner", { children })));
    await eventually(() => assert.match(ip("-n ipman-103 route"), /172\.31\.4\.0\/24 dev xfrm103/));
    lab.ipman.attach("app3", "partner", "child-3");
    await eventually(() => assert.deepEqual(pings("app3", 5, "172.31.4.3"), noneLost(5)));
    assert.deepEqual(spis(), before);
  });
});
