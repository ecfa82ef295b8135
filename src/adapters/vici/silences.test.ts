import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connect } from "vici-client";
import { conn } from "../../../test/simulator/charon/peers.ts";
import { openedCharon } from "../../../test/simulator/opened-charon.ts";

describe("a peer that does not answer an established IKE SA", () => {
  for (const [version, source] of [
    ["5.9.8", "the log of charon 5.9.8"],
    ["6.1.0", "the alerts of charon 6.1"],
  ] as const)
    it(`is reported by ${source}, with its IKE SA, and again when it answers`, async (t) => {
      const peer = () => "answers" as const;
      const { charon, simulated, path } = await openedCharon(t, {
        peer,
        version,
        retransmitMs: 30,
      });
      await using session = await connect({ path });
      const events = session.events("child-updown");
      await session.request("load-conn", conn("good"));
      await session.request("initiate", { ike: "good", child: "net", timeout: "-1" });
      await events.next();
      const sa = String(simulated.ikes[0]?.uniqueId);
      const changes: unknown[] = [];
      await new Promise<void>((resolve) => {
        charon.silences().subscribe((change) => {
          changes.push(change);
          if (change.type === "peer.silent") simulated.peerResumes("good");
          else resolve();
        });
        // The registration is under way.
        void charon.list().then(() => simulated.peerStops("good"));
      });
      assert.deepEqual(changes, [
        { type: "peer.silent", connection: "good", sa },
        { type: "peer.answers", connection: "good", sa },
      ]);
    });
});
