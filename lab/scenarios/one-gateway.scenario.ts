import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { find } from "../sites/ipman.ts";
import { connectionSpec, sites } from "../sites/manifests.ts";
import { Pinging } from "../sites/pings.ts";
import { sh } from "../sites/shell.ts";
import { TwoSites } from "../sites/two-sites.ts";

const name = "first";
const ipman = join(import.meta.dirname, "../../bin/ipman");
const other = { remoteAddr: sites.peer.other, localId: "node.other", remoteId: "peer.other" };
/** Milliseconds of a round trip to the gateway. */
const roundTripMs = 40;

describe("a connection by two addresses of one gateway with policies", () => {
  const resources = new AsyncDisposableStack();
  let lab: TwoSites;

  before(async () => {
    lab = resources.use(await TwoSites.build());
    await lab.mirror({ ...connectionSpec("other", other) });
    const paths = [{ name: "main" }, { name: "backup", ...other }];
    await lab.up(connectionSpec(name, { paths, failover: { failback: "never" } }));
    for (const place of [[], ["-n", "peer"]])
      sh(
        "tc",
        ...place,
        "qdisc",
        "add",
        "dev",
        "wire0",
        "root",
        "netem",
        "delay",
        `${roundTripMs / 2}ms`,
      );
  });
  after(() => resources.disposeAsync());

  const ready = () =>
    lab.ipman.until(
      (status) => find(status, name)?.paths?.every(({ state }) => state === "established") === true,
      60_000,
    );

  it("loses no ping in twenty moves, though the gateway accepts packets by one tunnel alone", async (t) => {
    const counts: number[] = [];
    for (let run = 0; run < 20; run++) {
      await ready();
      const pinging = new Pinging("app", "10.1.2.1");
      await pinging.begun();
      execFileSync(ipman, ["move", name, run % 2 === 0 ? "backup" : "main"]);
      await pause(1_500);
      counts.push((await pinging.stop()).lost.length);
    }
    t.diagnostic(`lost pings, each 10 ms: ${counts.join(", ")}`);
    assert.deepEqual([...new Set(counts)], [0]);
  });
});
