import assert from "node:assert/strict";
import { mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { ChildProcess } from "node:child_process";
import { askOnce } from "../../src/adapters/control/client.ts";
import { childSpec, connectionSpec, psk, secret, yaml } from "../sites/manifests.ts";
import { end, eventually, inNetns, ip, start } from "../sites/shell.ts";
import { TwoSites } from "../sites/two-sites.ts";

const site = (script: string) => join(import.meta.dirname, "../sites", script);

/** The one address that the partner grants. */
const granted = "10.99.0.5";
const server = "10.1.2.1";
const port = 8080;

const workers = Array.from({ length: 100 }, (_, i) => `crowd${i}`);
const connectionsEach = 10;

const child = childSpec(2, {
  local_ips: [`${granted}/32`],
  ip_pools: { primary: ["10.0.2.10-10.0.2.109/24"] },
  nat: { source: { addresses: granted } },
});
const connection = connectionSpec("crowd", { children: { "child-2": child } });

describe("a hundred workers behind one address", () => {
  const resources = new AsyncDisposableStack();
  const processes: ChildProcess[] = [];
  const logs = mkdtempSync("/tmp/crowd-");
  let lab: TwoSites;

  before(async () => {
    lab = resources.use(await TwoSites.build());
    await lab.mirror(connection);
    ip(`-n peer route add ${granted} dev wire0 src ${server}`);
    lab.ipman.apply("secret.yaml", yaml(secret({ crowd: psk })));
    lab.ipman.apply("crowd.yaml", yaml(connection));
    await lab.ipman.start();
    await lab.ipman.ready("crowd");
    const socket = join(lab.ipman.state, "control.sock");
    for (const netns of workers) {
      ip(`netns add ${netns}`);
      await askOnce(socket, { op: "attach", netns, connection: "crowd", child: "child-2" });
    }
    const greeter = ["netns", "exec", "peer", "node", site("greeter.ts"), "peer", String(port)];
    processes.push(start("/dev/null", "ip", greeter));
    await eventually(() => assert.match(ask("peer", 1), /peer/));
  });
  after(async () => {
    await Promise.all(processes.map((child) => end(child)));
    await resources.disposeAsync();
  });

  const ask = (netns: string, count: number, by = "tcp") =>
    inNetns(netns, `node ${site("ask.ts")} ${server} ${port} ${count} ${by}`);

  it("have a thousand connections by TCP at once", { timeout: 120_000 }, async () => {
    for (const netns of workers) {
      const hold = ["bash", site("hold.sh"), server, String(port), String(connectionsEach)];
      processes.push(start(join(logs, netns), "ip", ["netns", "exec", netns, ...hold]));
    }
    const expected = `peer ${granted}\n`.repeat(connectionsEach);
    await eventually(
      () => {
        for (const netns of workers)
          assert.equal(readFileSync(join(logs, netns), "utf8"), expected, netns);
      },
      60_000,
      500,
    );
    const established = inNetns("peer", `ss -Htn state established sport = :${port}`);
    const clients = established
      .trim()
      .split("\n")
      .map((line) => line.trim().split(/\s+/).at(-1) ?? "");
    assert.equal(new Set(clients).size, workers.length * connectionsEach);
    for (const client of clients)
      assert.ok(client.includes(`${granted}]:`) || client.startsWith(`${granted}:`), client);
  });

  it("have a thousand flows by UDP", { timeout: 120_000 }, () => {
    assert.deepEqual(JSON.parse(ask(workers[0] as string, 1_000, "udp")), {
      [`peer ${granted}`]: 1_000,
    });
  });

  it("are counted as tracked connections", async () => {
    const metrics = await lab.ipman.metrics();
    const [, tracked = 0] =
      [...metrics].find(([series]) => series.startsWith("ipman_gateway_connections{")) ?? [];
    // Some of the flows had the same port of the worker.
    assert.ok(tracked >= 1_900 && tracked <= 2_100, String(tracked));
  });
});
