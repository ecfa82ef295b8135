import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { find } from "../sites/ipman.ts";
import { childSpec, connectionSpec, psk, secret, sites, yaml } from "../sites/manifests.ts";
import type { Mirror } from "../sites/peer.ts";
import { block } from "../sites/peer-firewall.ts";
import { eventually, inNetns, ip } from "../sites/shell.ts";
import { TwoSites } from "../sites/two-sites.ts";

const bin = join(import.meta.dirname, "../../bin/ipman");
// The output would have colours if the test runner had a terminal.
delete process.env["FORCE_COLOR"];

describe("ipman diagnose", () => {
  const resources = new AsyncDisposableStack();
  let lab: TwoSites;
  const good = connectionSpec("good");
  const names = ["good", "psk", "ids", "ike", "esp", "pfs", "ts", "blocked"];
  const keys = Object.fromEntries(names.map((name) => [name, psk]));

  before(async () => {
    lab = resources.use(await TwoSites.build());
    await lab.up(good);
    lab.ipman.apply("secret.yaml", yaml(secret(keys)));
  });
  after(() => resources.disposeAsync());

  /** Runs `ipman diagnose`; returns its first two lines, its exit status and its whole output. */
  function diagnose(...args: string[]) {
    const { stdout, stderr, status } = spawnSync(bin, ["diagnose", ...args], { encoding: "utf8" });
    const [cause = "", hint = ""] = stdout.split("\n");
    return { cause, hint, status, all: stdout + stderr };
  }

  const asks = ["--ping", "10.1.2.1"];

  it("finds no problem on a working connection", () => {
    const { cause, status, all } = diagnose("good", ...asks, "--rekey");
    assert.equal(status, 0, all);
    assert.match(cause, /nothing is wrong/);
    assert.match(all, /✓ traffic +10\.1\.2\.1 answers/);
    assert.match(all, /✓ packet size +packets of \d{4} bytes pass/);
    assert.match(all, /✓ workers +all 1 answer/);
    assert.match(all, /✓ rekey +the peer accepts it/);
  });

  it("lists the known names if a name is unknown", () => {
    assert.match(diagnose("absent").all, /no connection "absent" here; known: good/);
    assert.match(diagnose("good", "absent").all, /no child "absent"/);
    assert.match(diagnose("good", "--ping", "web").all, /--ping: "web" is not an IP address/);
  });

  /** Faults of a separate connection: how the peer differs, and the expected cause. */
  for (const [name, what, n, differs, options, expected] of [
    ["psk", "a wrong key on one side", 3, { secret: "another-key" }, [], /AuthenticationFailed/],
    [
      "ids",
      "a wrong identity",
      4,
      { connection: { remote: { auth: "psk", id: "other.example" } } },
      [],
      /AuthenticationFailed: .*localId and remoteId/,
    ],
    [
      "esp",
      "no common ESP proposal",
      5,
      { child: { esp_proposals: ["chacha20poly1305"] } },
      [],
      /esp\/child-5: NoProposalChosen/,
    ],
    [
      "ts",
      "other networks",
      6,
      { child: { local_ts: ["10.99.0.0/16"] } },
      [],
      /ts\/child-6: TrafficSelectorsRefused/,
    ],
    [
      "pfs",
      "another key exchange group at the rekey",
      7,
      { child: { esp_proposals: ["aes256-sha256"] } },
      ["--rekey"],
      /pfs\/child-7: was not rekeyed: NoProposalChosen/,
    ],
  ] as const) {
    it(`names ${what}`, async () => {
      const cr = connectionSpec(name, { children: { [`child-${n}`]: childSpec(n) } });
      await lab.mirror(cr, differs as Mirror);
      lab.ipman.apply(`${name}.yaml`, yaml(cr));
      if (name === "pfs") await lab.ipman.ready(name);
      else
        await lab.ipman.until((status) => {
          const found = find(status, name);
          return found?.failure?.retryable === false || found?.children[0]?.state === "failed";
        });
      const { cause, status, all } = diagnose(name, ...options);
      assert.equal(status, 1);
      assert.match(cause, expected, all);
      lab.ipman.remove(`${name}.yaml`);
    });
  }

  it("names an IKE proposal that the peer does not accept", async () => {
    const cr = connectionSpec("ike", {
      remoteAddr: sites.peer.other,
      children: { "child-8": childSpec(8) },
    });
    await lab.mirror(cr, { connection: { proposals: ["aes128-sha512-modp2048"] } });
    lab.ipman.apply("ike.yaml", yaml(cr));
    await lab.ipman.reason("ike", "NoProposalChosen");
    const { cause, all } = diagnose("ike");
    assert.match(cause, /^ike: NoProposalChosen/, all);
    lab.ipman.remove("ike.yaml");
  });

  for (const [what, rule, expected, hint] of [
    ["500", "udp dport 500", /does not answer IKE_SA_INIT on UDP 500; it answers ping/, /500/],
    ["4500", "udp dport 4500", /answers on UDP 500 but not IKE_AUTH.*4500/, /allow UDP 4500/],
  ] as const) {
    it(`names UDP ${what} that is blocked`, async () => {
      const undo = block(rule);
      const cr = connectionSpec("blocked", { children: { "child-9": childSpec(9) } });
      await lab.mirror(cr);
      lab.ipman.apply("blocked.yaml", yaml(cr));
      await lab.ipman.reason("blocked", "PeerUnreachable", 30_000);
      const found = diagnose("blocked");
      assert.match(found.cause, expected, found.all);
      assert.match(found.hint, hint);
      undo();
      lab.ipman.remove("blocked.yaml");
      await lab.ipman.until((status) => find(status, "blocked") === undefined);
    });
  }

  /** Faults of the connection that is up: the function breaks it, and returns one that repairs it. */
  for (const [what, breaks, expected] of [
    [
      "ESP that is blocked",
      () => block("ip protocol esp"),
      /good\/child-2: .*packets leave through the CHILD SA, and none comes back/,
    ],
    [
      "a black hole for large packets",
      () => block("ip protocol esp meta length > 1000"),
      /good\/child-2: packets of 9\d\d bytes pass, and larger ones are lost/,
    ],
    [
      "an address behind the peer that does not exist",
      () => {
        inNetns("peer", "ip addr del 10.1.2.1/24 dev lo");
        return () => inNetns("peer", "ip addr add 10.1.2.1/24 dev lo");
      },
      /none comes back/,
    ],
    [
      "a route that swallows IKE",
      () => {
        ip("link add swallow type dummy");
        ip("link set swallow up");
        ip(`route add ${sites.peer.v4}/32 dev swallow`);
        return () => ip("link del swallow");
      },
      /^good: IKE to the peer goes to swallow, which drops everything/,
    ],
    [
      "a route that ends",
      () => {
        ip(`route add blackhole ${sites.peer.v4}/32`);
        return () => ip(`route del blackhole ${sites.peer.v4}/32`);
      },
      /^good: charon's network has no route to the peer/,
    ],
    [
      "a worker's FDB entry that is missing",
      () => {
        const [mac = ""] = inNetns("app", "bridge fdb show dev vxlan102").split(" ");
        inNetns("app", `bridge fdb del ${mac} dev vxlan102`);
        return () => lab.ipman.attach("app", "good", "child-2");
      },
      /good\/child-2: the namespace of 10\.0\.2\.3 does not match its plan.*FDB entry/,
    ],
    [
      "a worker that VXLAN does not reach",
      () => {
        inNetns("app", "ip link set ipman0 down");
        return () => {
          inNetns("app", "ip link set ipman0 up");
          lab.ipman.attach("app", "good", "child-2");
        };
      },
      /good\/child-2: (10\.0\.2\.3 does not answer its gateway|the namespace of 10\.0\.2\.3)/,
    ],
    [
      "forwarding that is off",
      () => {
        inNetns("ipman-102", "sysctl -qw net.ipv4.ip_forward=0");
        return () => inNetns("ipman-102", "sysctl -qw net.ipv4.ip_forward=1");
      },
      /good\/child-2: another program changed its namespace; missing: set net\.ipv4\.ip_forward to 1/,
    ],
  ] as const) {
    it(`names ${what}`, async () => {
      const undo = breaks();
      try {
        const { cause, status, all } = diagnose("good", ...asks);
        assert.match(cause, expected, all);
        assert.equal(status, 1);
      } finally {
        undo();
      }
      // charon looks for another path when routes change, and for the former one afterwards.
      await eventually(() => {
        const repaired = diagnose("good", ...asks);
        assert.equal(repaired.status, 0, repaired.all);
      }, 40_000);
    });
  }

  it("names a secret that is missing, also with -o json", async () => {
    lab.ipman.apply("secret.yaml", yaml(secret({ other: psk })));
    await lab.ipman.reason("good", "SecretMissing");
    assert.match(diagnose("good").cause, /SecretMissing: .*default\/ipsec-secret, key "good"/);
    const lines = diagnose("good", "-o", "json").all.trim().split("\n");
    const found = lines.map((line) => JSON.parse(line) as { check: string; verdict: string });
    assert.deepEqual(
      found.filter(({ verdict }) => verdict === "problem").map(({ check }) => check),
      ["secret"],
    );
    lab.ipman.apply("secret.yaml", yaml(secret(keys)));
  });

  it("names a charon that is dead", async () => {
    await lab.node.stop("SIGKILL");
    await lab.ipman.reason("good", "CharonUnavailable");
    assert.match(diagnose("good", ...asks).cause, /^good: CharonUnavailable/);
  });
});
