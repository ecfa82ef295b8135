import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { failure, Reason } from "../../src/model/status/failure.ts";
import { isSettled } from "../../src/runtime/actors/settled.ts";
import { pathNamed } from "../../src/runtime/actors/snapshots.ts";
import { childSpec, connectionOf, ikeSa } from "./fixtures.ts";
import {
  childless,
  harness,
  standingBy,
  viaBackup,
  warm,
  type Harness,
} from "./several-paths-harness.ts";

const alone = { connectionName: "site/backup" };

const backupOf = ({ snapshot }: Harness) => pathNamed(snapshot(), "backup")?.getSnapshot();

describe("a warm standby", () => {
  it("has charon make an IKE SA without a CHILD SA once charon's list is known", async () => {
    const made = await harness(standingBy("warm"), "no list yet");
    await made.send({ type: "charon.ready" });
    assert.equal(made.calls.count("initiateIke"), 0);
    await made.list("main", ikeSa());
    await made.list("backup");
    await made.send({ type: "sas.complete" });
    assert.deepEqual(made.calls.last("initiateIke"), alone);
    assert.equal(isSettled(made.snapshot()), false);
    await made.list("backup", childless({ state: "CONNECTING" }));
    assert.deepEqual(backupOf(made)?.value, { dialling: "waiting" });
    await made.list("backup", childless());
    assert.equal(backupOf(made)?.value, "established");
    assert.equal(isSettled(made.snapshot()), true);
    assert.equal(made.calls.count("initiate"), 0);
    assert.deepEqual(made.snapshot().context.choice.ready, ["main", "backup"]);
    assert.deepEqual(made.snapshot().context.choice.up, ["main"]);
  });

  it("keeps an IKE SA that an earlier process left", async () => {
    const made = await harness(standingBy("warm"), [childless()]);
    await made.list("main", ikeSa());
    await made.wait(60_000);
    assert.equal(made.calls.count("initiateIke"), 0);
  });

  it("takes over by a CHILD SA on the IKE SA that it has", async () => {
    const made = await warm();
    await made.list("main");
    await made.wait(1_000);
    assert.deepEqual(made.switches, ["main backup lost"]);
    assert.deepEqual(made.calls.last("initiate"), {
      connectionName: "site/backup",
      names: ["child-2"],
    });
    assert.deepEqual(made.calls.last("terminateIke"), { uniqueIds: [] });
    await made.list("backup", viaBackup());
    assert.deepEqual(made.snapshot().context.choice.up, ["backup"]);
  });

  it("keeps its IKE SA when it is left, and ends its CHILD SA", async () => {
    const made = await warm();
    await made.send({ type: "move", path: "backup" });
    await made.list("backup", viaBackup());
    assert.deepEqual(made.switches, ["main backup move"]);
    await made.wait(1_000);
    assert.deepEqual(made.calls.last("terminate"), { uniqueIds: ["1"] });
    await made.list("main", ikeSa({ children: [] }));
    const ended = made.calls.made.filter(({ name }) => name === "terminateIke");
    for (const { input } of ended) assert.deepEqual(input, { uniqueIds: [] });
    assert.equal(pathNamed(made.snapshot(), "main")?.getSnapshot().value, "established");
    assert.deepEqual(made.snapshot().context.choice.ready, ["main", "backup"]);
  });

  it("cannot take over while its peer does not answer", async () => {
    const made = await warm();
    const { ready } = made.snapshot().context.choice;
    assert.deepEqual(ready, ["main", "backup"]);
    await made.send({ type: "peers.silent", paths: ["backup"] });
    assert.deepEqual(made.snapshot().context.choice.ready, ["main"]);
    await made.send({ type: "peers.silent", paths: [] });
    assert.deepEqual(made.snapshot().context.choice.ready, ready);
    // The CHILD SA of an earlier time does not count either.
    await made.list("backup", viaBackup());
    assert.deepEqual(made.snapshot().context.choice.up, ["main", "backup"]);
    await made.send({ type: "peers.silent", paths: ["main", "backup"] });
    assert.deepEqual(made.snapshot().context.choice.up, ["main"]);
  });

  it("has packets kept back while a move makes its CHILD SA, until gateways lead into it", async () => {
    const made = await warm();
    const counts = () => [made.calls.count("hold"), made.calls.count("release")];
    await made.send({ type: "move", path: "backup" });
    assert.deepEqual(counts(), [1, 0]);
    await made.list("backup", viaBackup());
    assert.deepEqual(counts(), [1, 1]);
  });

  it("has them sent by the present path at once if the move fails", async () => {
    const made = await warm();
    await made.send({ type: "move", path: "backup" });
    const failed = { type: "path.failed", path: "backup" } as const;
    await made.send(failed);
    assert.deepEqual([made.calls.count("hold"), made.calls.count("release")], [1, 1]);
    assert.deepEqual(made.switches, []);
  });

  it("has none kept back if it takes over after a loss, or has no IKE SA yet", async () => {
    const made = await warm();
    await made.list("main");
    await made.list("backup", viaBackup());
    await made.wait(1_000);
    assert.deepEqual(made.switches, ["main backup lost"]);
    const cold = await harness();
    await cold.list("main", ikeSa());
    await cold.send({ type: "move", path: "backup" });
    assert.equal(made.calls.count("hold") + cold.calls.count("hold"), 0);
  });

  it("has a new IKE SA after it was lost, since its peer may be gone", async () => {
    const made = await warm();
    await made.list("main");
    await made.wait(1_000);
    await made.list("main", ikeSa({ state: "CONNECTING", children: [] }));
    await made.list("backup", viaBackup());
    await made.wait(1_000);
    assert.deepEqual(made.calls.last("terminateIke"), { uniqueIds: ["7"] });
    await made.list("main");
    assert.deepEqual(made.calls.last("initiateIke"), { connectionName: "site" });
  });

  it("is dialled again when its IKE SA ends, and more slowly while it ends again", async () => {
    const made = await warm();
    for (let count = 0; count < 4; count++) {
      await made.list("backup");
      await made.list("backup", childless());
    }
    const quick = made.calls.count("initiateIke");
    assert.equal(quick, 5);
    await made.list("backup");
    assert.equal(made.calls.count("initiateIke"), quick);
    assert.equal(backupOf(made)?.context.failure?.reason, Reason.LoopDetected);
    await made.wait(60_000);
    assert.equal(made.calls.count("initiateIke"), quick + 1);
  });

  it("is dialled no faster if charon lists the IKE SA that ends, or one that the peer makes in vain", async () => {
    for (const state of ["DELETING", "CONNECTING"]) {
      const made = await warm();
      const before = made.calls.count("initiateIke");
      for (let second = 0; second < 60; second++) {
        await made.list("backup", childless({ state }));
        await made.list("backup");
        if (state === "DELETING") await made.list("backup", childless());
        await made.wait(1_000);
      }
      const dialled = made.calls.count("initiateIke") - before;
      assert.ok(dialled <= 10, `${dialled} attempts beside ${state}`);
    }
  });

  it("asks for lists while the peer makes its IKE SA", async () => {
    const made = await warm();
    await made.list("backup", childless({ state: "CONNECTING" }));
    const before = made.lists();
    await made.wait(10_000);
    assert.ok(made.lists() > before);
  });

  it("dials a silent peer ever more slowly, up to once a minute", async () => {
    const made = await harness(standingBy("warm"));
    await made.list("main", ikeSa());
    const during = async (seconds: number) => {
      const before = made.calls.count("initiateIke");
      for (let second = 0; second < seconds; second++) {
        await made.list("backup");
        await made.wait(1_000);
      }
      return made.calls.count("initiateIke") - before;
    };
    assert.ok((await during(60)) <= 10);
    await during(60);
    assert.ok((await during(300)) <= 5);
    assert.equal(backupOf(made)?.context.failure?.reason, Reason.PeerUnreachable);
    assert.deepEqual(made.switches, []);
  });

  it("says what to declare if the peer refuses an IKE SA without a CHILD SA", async () => {
    const made = await harness(standingBy("warm"));
    await made.list("main", ikeSa());
    await made.list("backup", childless({ state: "CONNECTING" }));
    const malformed = failure(Reason.ProtocolError, "it calls the message malformed");
    await made.send({ type: "peer.notified", path: "backup", failure: malformed });
    await made.list("backup");
    await made.wait(200);
    assert.equal(backupOf(made)?.context.failure?.reason, Reason.StandbyRefused);
    const dialled = made.calls.count("initiateIke");
    await made.wait(55_000);
    assert.equal(made.calls.count("initiateIke"), dialled);
  });

  it("becomes active again after the hold also if its peer keeps no IKE SA without a CHILD SA", async () => {
    for (const isRefused of [true, false]) {
      const made = await warm();
      await made.list("main");
      await made.wait(1_000);
      await made.list("backup", viaBackup());
      await made.wait(1_000);
      assert.deepEqual(made.switches, ["main backup lost"]);
      const main = () => pathNamed(made.snapshot(), "main")?.getSnapshot();
      const malformed = failure(Reason.ProtocolError, "it calls the message malformed");
      for (let second = 0; second < 600 && main()?.context.connection.standsBy; second++) {
        if (main()?.matches("dialling")) {
          if (isRefused)
            await made.send({ type: "peer.notified", path: "main", failure: malformed });
          else await made.list("main", ikeSa({ children: [] }));
          await made.list("main");
        }
        await made.wait(1_000);
      }
      assert.equal(made.snapshot().context.dialled, "main");
    }
  });

  it("is dialled by its child if it takes over before it has an IKE SA", async () => {
    const made = await harness(standingBy("warm"));
    await made.list("main", ikeSa());
    await made.list("backup");
    await made.send({ type: "move", path: "backup" });
    assert.deepEqual(made.calls.last("initiate"), {
      connectionName: "site/backup",
      names: ["child-2"],
    });
    await made.list("backup", viaBackup());
    assert.deepEqual(made.switches, ["main backup move"]);
  });

  it("is not the default where the peer alone dials", async () => {
    const declared = async (action: string, standby: object) => {
      const children = { "child-2": childSpec(2, { extra: { start_action: action } }) };
      const backup = { name: "backup", remoteAddr: "192.0.2.9", ...standby };
      const paths = [{ name: "main", ...standby }, backup];
      const made = await harness({ children, paths });
      await made.list("main", ikeSa());
      await made.list("backup");
      return made.calls.count("initiateIke");
    };
    assert.equal(await declared("none", {}), 0);
    assert.equal(await declared("none", { standby: "warm" }), 1);
    assert.equal(await declared("trap", {}), 1);
  });

  it("has an IKE SA also if another kind of standby was declared before", async () => {
    const made = await harness(standingBy("cold"));
    await made.list("main", ikeSa());
    assert.equal(made.calls.count("initiateIke"), 0);
    await made.send({ type: "spec.changed", connection: connectionOf(standingBy("warm")) });
    assert.deepEqual(made.calls.last("initiateIke"), alone);
  });
});

describe("a standby of another kind than before", () => {
  const declare = (made: Harness, standby: string) =>
    made.send({ type: "spec.changed", connection: connectionOf(standingBy(standby)) });

  it("ends the SAs that it is not to have any more", async () => {
    const hot = await harness(standingBy("hot"));
    await hot.list("main", ikeSa());
    await hot.list("backup", viaBackup());
    await declare(hot, "warm");
    assert.deepEqual(hot.calls.last("terminate"), { uniqueIds: ["2"] });
    await hot.list("backup", childless());
    await declare(hot, "cold");
    assert.deepEqual(hot.calls.last("terminateIke"), { uniqueIds: ["8"] });
    const ended = hot.calls.made.filter(({ name }) => name.startsWith("terminate"));
    assert.ok(ended.every(({ input }) => !JSON.stringify(input).includes('"7"')));
  });

  it("keeps its SAs if it is to have more, and those that the peer made", async () => {
    const made = await warm();
    await declare(made, "hot");
    await made.list("backup", viaBackup());
    const cold = await harness(standingBy("cold"));
    await cold.list("main", ikeSa());
    await cold.list("backup", viaBackup());
    await declare(cold, "warm");
    for (const { calls } of [made, cold]) {
      assert.equal(calls.count("terminate"), 0);
      assert.deepEqual(calls.last("terminateIke"), { uniqueIds: [] });
    }
  });
});

describe("a hot standby", () => {
  it("has its CHILD SA before and after it carried the traffic, and takes over at once", async () => {
    const made = await harness(standingBy("hot"));
    await made.list("main", ikeSa());
    assert.deepEqual(made.calls.last("initiate"), {
      connectionName: "site/backup",
      names: ["child-2"],
    });
    await made.list("backup", viaBackup());
    await made.list("main");
    assert.deepEqual(made.switches, ["main backup lost"]);
    await made.list("main", ikeSa({ uniqueId: "11" }));
    await made.send({ type: "move", path: "main" });
    await made.wait(2_000);
    const ended = made.calls.made.filter(({ name }) => name.startsWith("terminate"));
    for (const { input } of ended) assert.deepEqual(input, { uniqueIds: [] });
    assert.deepEqual(made.snapshot().context.choice.up, ["main", "backup"]);
  });
});
