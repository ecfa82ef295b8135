import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { isUp } from "../../src/runtime/conditions/conditions.ts";
import type { Status } from "../../src/model/status/status.ts";
import { habitCases } from "../habits/cases.ts";
import { askedSas, type AskedSas, type JournalEntry } from "../habits/journal.ts";
import { LabPeers } from "../habits/lab-peers.ts";
import { find } from "../sites/ipman.ts";
import { psk, secret, yaml } from "../sites/manifests.ts";
import { TwoSites } from "../sites/two-sites.ts";

/** All peers are observed for this long at the same time. */
const observedMs = 75_000;
const minuteMs = 60_000;

/** The most SAs that a peer is asked for in the first minute, and until the end. */
const mostSas = { firstMinute: 10, total: 11 } as const;

/** How often SAs of each kind were asked for in the first minute, and until the end. */
function pace({ ike, child, rekeys }: AskedSas) {
  const counts = (times: readonly number[]) => ({
    firstMinute: times.filter((ms) => ms < minuteMs).length,
    total: times.length,
  });
  return { ike: counts(ike), child: counts(child), rekeys: counts(rekeys) };
}

describe("peers with the habits of other gateways", () => {
  const resources = new AsyncDisposableStack();
  let peers: LabPeers;
  let journal: readonly JournalEntry[];
  let status: Status;

  before(async () => {
    const lab = resources.use(await TwoSites.build());
    lab.peerSession.close();
    await lab.peer.stop();
    peers = resources.use(
      await LabPeers.start(
        lab.folder,
        habitCases.map(({ peer }) => peer),
      ),
    );
    const connections = habitCases.map(({ connection }) => connection);
    const keys = Object.fromEntries(connections.map(({ spec }) => [spec.name, psk]));
    lab.ipman.apply("connections.yaml", yaml(secret(keys), ...connections));
    await lab.ipman.start("--log", "info");
    await pause(observedMs);
    status = await lab.ipman.status();
    journal = peers.journal();
    writeFileSync(join(lab.folder, "status.json"), JSON.stringify(status, null, 1));
  });
  after(() => resources.disposeAsync());

  for (const { title, peer, expected } of habitCases) {
    it(`a peer that ${title}`, () => {
      const connection = find(status, peer.name);
      const [child] = connection?.children ?? [];
      const failure = child?.failure ?? connection?.failure;
      const asked = pace(askedSas(journal, peer.name));
      const shown = `${JSON.stringify(asked)} ${child?.state} ${failure?.reason}: ${failure?.message}`;
      process.stdout.write(`${peer.name} ${title}: ${shown}\n`);
      assert.ok(asked.ike.total > 0, "the peer was not asked");
      for (const { firstMinute, total } of [asked.ike, asked.child]) {
        assert.ok(firstMinute <= mostSas.firstMinute, shown);
        assert.ok(total <= mostSas.total, shown);
      }
      assert.ok(isUp(child?.state) || failure !== undefined, shown);
      if (expected === undefined) return;
      assert.equal(isUp(child?.state), expected.isUp, shown);
      if (expected.reason !== undefined)
        assert.equal(failure?.reason ?? "none", expected.reason, shown);
      assert.match(failure?.message ?? "", expected.message ?? /^/);
    });
  }

  it("no exception ended the process of the peers", () => {
    assert.ok(peers.isRunning);
    assert.deepEqual(
      journal.filter(({ event }) => event === "malformed"),
      [],
    );
  });
});
