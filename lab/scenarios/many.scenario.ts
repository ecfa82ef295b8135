import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { childSpec, connectionSpec, psk, secret, yaml } from "../sites/manifests.ts";
import { TwoSites } from "../sites/two-sites.ts";

const dead = 50;

describe(`${dead} connections to dead peers beside a good one`, () => {
  let lab: TwoSites;
  const good = connectionSpec("good");

  before(async () => {
    lab = await TwoSites.build();
    await lab.mirror(good);
  });
  after(() => lab[Symbol.asyncDispose]());

  it("the good one is established, alone, beside them and when it is declared later", async () => {
    const names = Array.from({ length: dead }, (_, i) => `dead-${i}`);
    const all = Object.fromEntries(["good", ...names].map((name) => [name, psk]));
    lab.ipman.apply("secret.yaml", yaml(secret(all)));
    lab.ipman.apply("z-good.yaml", yaml(good));
    await lab.ipman.start();
    const alone = await timeToReady();
    await lab.ipman.stop();
    await lab.node.stop("SIGKILL");
    await lab.node.start();

    const crs = names.map((name, i) =>
      connectionSpec(name, {
        remoteAddr: `192.168.1.${100 + i}`,
        children: { [`child-${i + 10}`]: childSpec(i + 10) },
      }),
    );
    lab.ipman.apply("dead.yaml", yaml(...crs));
    await lab.ipman.start();
    const beside = await timeToReady();
    const status = await lab.ipman.status();
    assert.equal(status.connections.length, dead + 1);
    process.stdout.write(
      `alone ${alone.toFixed(0)} ms, beside ${dead} dead ones ${beside.toFixed(0)} ms\n`,
    );

    // With the dead ones under way, one that is declared now is no slower either.
    lab.ipman.remove("z-good.yaml");
    await lab.ipman.until((s) => s.connections.length === dead);
    lab.ipman.apply("z-good.yaml", yaml(good));
    const later = await timeToReady();
    process.stdout.write(`declared later ${later.toFixed(0)} ms\n`);
    // Far from what noise does, near to what waiting for a dead peer would take.
    assert.ok(later < alone + 1_500, `declared later: ${later} ms, alone: ${alone} ms`);
    assert.ok(beside < alone + 4_000, `beside: ${beside} ms, alone: ${alone} ms`);
  });

  it("the dead ones say that the peer does not answer", async () => {
    await lab.ipman.reason("dead-7", "PeerUnreachable", 30_000);
  });

  async function timeToReady(): Promise<number> {
    const since = performance.now();
    await lab.ipman.ready("good", 30_000);
    return performance.now() - since;
  }
});
