import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { childSpec, connectionSpec, psk, secret, yaml } from "../sites/manifests.ts";
import { Prometheus } from "../sites/prometheus.ts";
import { eventually } from "../sites/shell.ts";
import { TwoSites } from "../sites/two-sites.ts";

const dead = 50;

describe(`${dead} connections to dead peers`, () => {
  const resources = new AsyncDisposableStack();
  let lab: TwoSites;
  const good = connectionSpec("good");

  before(async () => {
    lab = resources.use(await TwoSites.build());
    await lab.mirror(good);
  });
  after(() => resources.disposeAsync());

  const names = Array.from({ length: dead }, (_, i) => `dead-${i}`);
  const crs = names.map((name, i) =>
    connectionSpec(name, {
      remoteAddr: `192.168.1.${100 + i}`,
      children: { [`child-${i + 10}`]: childSpec(i + 10) },
    }),
  );
  let alone: number;

  it("do not delay a good connection that is declared while they negotiate", async () => {
    const all = Object.fromEntries(["good", ...names].map((name) => [name, psk]));
    lab.ipman.apply("secret.yaml", yaml(secret(all)));
    await lab.ipman.start();
    alone = await timed(() => lab.ipman.apply("z-good.yaml", yaml(good)));
    lab.ipman.remove("z-good.yaml");
    lab.ipman.apply("dead.yaml", yaml(...crs));
    await lab.ipman.until(({ connections }) => {
      const trying = connections.filter(({ state }) => state === "negotiating");
      return connections.length === dead && trying.length === dead;
    });
    const beside = await timed(() => lab.ipman.apply("z-good.yaml", yaml(good)));
    process.stdout.write(`alone ${alone.toFixed(0)} ms, beside them ${beside.toFixed(0)} ms\n`);
    // A wait for a dead peer would take seconds.
    assert.ok(beside < 2 * alone + 500);
  });

  it("do not delay a good connection that is declared after them when ipman starts", async () => {
    await lab.ipman.stop();
    await lab.node.stop("SIGKILL");
    await lab.node.start();
    const together = await timed(() => lab.ipman.start());
    process.stdout.write(`from the start of ipman run: ${together.toFixed(0)} ms\n`);
    const status = await lab.ipman.status();
    assert.equal(status.connections.length, dead + 1);
    assert.ok(together < 2 * alone + 8_000);
  });

  it("report that the peer does not answer", async () => {
    await lab.ipman.reason("dead-7", "PeerUnreachable", 30_000);
  });

  it("fire one alert each, and cause no other", async () => {
    await using prometheus = await Prometheus.start(lab.folder);
    await eventually(async () => {
      const firing = await prometheus.firing();
      assert.deepEqual([...new Set(firing.map(({ alert }) => alert))], ["IPManChildDown"]);
      const about = new Set(firing.map(({ labels }) => labels["connection"]));
      assert.deepEqual(about, new Set(names));
    }, 20_000);
  });

  async function timed(act: () => unknown): Promise<number> {
    const since = performance.now();
    await act();
    await lab.ipman.ready("good", 30_000);
    return performance.now() - since;
  }
});
