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
const minutes = 3;
const minuteMs = 60_000;
/** The peers start a little before the first request. */
const observedMs = minutes * minuteMs + 5_000;
/** Before the attempt, three minutes after a loop, in which a tunnel may be up for a moment. */
const statusMs = 150_000;

/** How often SAs of each kind were asked for in each minute. */
function pace({ ike, child, rekeys }: AskedSas) {
  const counts = (times: readonly number[]) =>
    Array.from(
      { length: minutes },
      (_, i) => times.filter((ms) => Math.floor(ms / minuteMs) === i).length,
    );
  return { ike: counts(ike), child: counts(child), rekeys: counts(rekeys) };
}

/** One SA in each minute after the first; what the first minute left may be used later. */
function assertPaced(counts: readonly number[], mostInFirst: number, shown: string): void {
  let total = 0;
  for (const [minute, count] of counts.entries()) {
    total += count;
    assert.ok(total <= mostInFirst + minute, shown);
  }
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

describe("peers with the habits of other gateways", () => {
  const resources = new AsyncDisposableStack();
  let peers: LabPeers;
  let journal: readonly JournalEntry[];
  let status: Status;

  before(
    async () => {
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
      await pause(statusMs);
      status = await lab.ipman.status();
      await pause(observedMs - statusMs);
      journal = peers.journal();
      writeFileSync(join(lab.folder, "status.json"), JSON.stringify(status, null, 1));
    },
    { timeout: observedMs + 120_000 },
  );
  after(() => resources.disposeAsync());

  for (const { title, peer, expected, hasOwnPace, mostInFirst } of habitCases) {
    it(`a peer that ${title}`, () => {
      const connection = find(status, peer.name);
      const [child] = connection?.children ?? [];
      const failure = child?.failure ?? connection?.failure;
      const asked = pace(askedSas(journal, peer.name));
      const shown = `${JSON.stringify(asked)} ${child?.state} ${failure?.reason}: ${failure?.message}`;
      process.stdout.write(`${peer.name} ${title}: ${shown}\n`);
      assert.ok((asked.ike[0] ?? 0) > 0, "the peer was not asked");
      for (const counts of [asked.ike, asked.child]) {
        const [, ...later] = counts;
        if (hasOwnPace) assert.ok(Math.max(...counts) <= mostInFirst, shown);
        else assertPaced(counts, mostInFirst, shown);
        // A minute may begin with the last attempt that belongs to the one before.
        if (!hasOwnPace && expected !== undefined) assert.ok(sum(later) <= later.length + 1, shown);
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
