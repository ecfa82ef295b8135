import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { failure, Reason } from "../../src/model/status/failure.ts";
import { pathNamed } from "../../src/runtime/actors/snapshots.ts";
import { childSa, childSpec, connectionOf, ikeSa } from "./fixtures.ts";
import { derived, harness, standingBy, viaBackup, type Harness } from "./several-paths-harness.ts";

const probe = { address: "10.1.2.1" };
const probed = { ...standingBy("hot"), children: { "child-2": childSpec(2, { probe }) } };
const childless = (changes: object = {}) => viaBackup({ children: [], ...changes });

const limitsOf = ({ snapshot }: Harness) =>
  Object.values(snapshot().context.limits).map(({ reason }) => reason);
/** The way in which the path backup stands by in charon. */
const kindOf = ({ snapshot }: Harness) => {
  const { connection } = pathNamed(snapshot(), "backup")?.getSnapshot().context ?? {};
  if (connection?.standsBy !== undefined) return connection.standsBy;
  return connection?.children[0]?.initiates === true ? "hot" : "cold";
};

/** The path backup by another CHILD SA, as after a rekey. */
const rekeyed = (uniqueId: string) =>
  viaBackup({ children: [childSa({ uniqueId, ifId: derived, remoteHost: "192.0.2.9" })] });

/** A connection with a hot standby, whose probe is answered through the path main. */
async function hot(spec: object = probed): Promise<Harness> {
  const made = await harness(spec);
  await made.list("main", ikeSa());
  await made.list("backup", viaBackup());
  await made.send({ type: "probes.judged", answered: true });
  return made;
}

describe("a hot standby whose CHILD SA draws the peer's answers", () => {
  it("has the active path rekeyed and is warm afterwards if the probe is answered again", async () => {
    const made = await hot();
    await made.list("backup", rekeyed("5"));
    assert.equal(made.calls.count("rekey"), 0);
    await made.send({ type: "probes.judged", answered: false });
    assert.deepEqual(made.calls.last("rekey"), { uniqueIds: ["1"] });
    assert.deepEqual(limitsOf(made), []);
    await made.list("main", ikeSa({ children: [childSa({ uniqueId: "6" })] }));
    await made.send({ type: "probes.judged", answered: true });
    assert.deepEqual(limitsOf(made), [Reason.PeerTakesLast]);
    assert.deepEqual(made.calls.last("terminate"), { uniqueIds: ["5"] });
    assert.equal(kindOf(made), "warm");
    await made.list("backup", childless());
    await made.wait(60_000);
    assert.deepEqual(made.switches, []);
    assert.equal(made.calls.count("rekey"), 1);
  });

  it("has its turn if the rekey does not help", async () => {
    const made = await hot();
    await made.list("backup", rekeyed("5"));
    await made.send({ type: "probes.judged", answered: false });
    assert.deepEqual(made.switches, []);
    await made.wait(3_000);
    assert.deepEqual(made.switches, ["main backup unreachable"]);
    await made.send({ type: "probes.judged", answered: true });
    assert.deepEqual(limitsOf(made), []);
    assert.equal(kindOf(made), "hot");
  });

  it("is not suspected if its CHILD SA is older, or no answer came before it", async () => {
    const old = await hot();
    await old.list("backup", rekeyed("5"));
    await old.wait(3_000);
    const unanswered = await harness(probed);
    await unanswered.list("main", ikeSa());
    await unanswered.list("backup", viaBackup());
    for (const made of [old, unanswered]) {
      await made.send({ type: "probes.judged", answered: false });
      assert.deepEqual(made.switches, ["main backup unreachable"]);
      assert.equal(made.calls.count("rekey"), 0);
    }
  });

  it("is not suspected as a warm standby, nor without a probe by the peer's IKE daemon", async () => {
    for (const spec of [{ ...probed, ...standingBy("warm") }, standingBy("hot")]) {
      const made = await hot(spec);
      await made.list("backup", rekeyed("5"));
      await made.send({ type: "probes.judged", answered: false });
      assert.deepEqual(made.switches, ["main backup unreachable"]);
    }
  });

  it("is suspected by the counters of the kernel, too", async () => {
    const made = await hot(standingBy("hot"));
    await made.send({ type: "traffic.drawn", path: "main" });
    assert.equal(made.calls.count("rekey"), 0);
    await made.send({ type: "traffic.drawn", path: "backup" });
    assert.equal(made.calls.count("rekey"), 1);
    await made.send({ type: "traffic.returned" });
    assert.deepEqual(limitsOf(made), [Reason.PeerTakesLast]);
    assert.equal(kindOf(made), "warm");
  });

  it("that has new CHILD SAs again and again does not keep the others from their turn", async () => {
    const made = await hot(standingBy("hot"));
    await made.send({ type: "probes.judged", answered: false });
    assert.deepEqual(made.switches, ["main backup unreachable"], "at once without a suspicion");
    const flapping = await hot(standingBy("hot"));
    await flapping.send({ type: "traffic.drawn", path: "backup" });
    await flapping.send({ type: "probes.judged", answered: false });
    for (let passed = 0; passed < 5_000; passed += 2_500) {
      await flapping.wait(2_500);
      await flapping.send({ type: "traffic.drawn", path: "backup" });
    }
    assert.deepEqual(flapping.switches, ["main backup unreachable"]);
  });

  it("is not blamed for answers that return after another path became active", async () => {
    const made = await hot(standingBy("hot"));
    await made.send({ type: "traffic.drawn", path: "backup" });
    await made.send({ type: "move", path: "backup" });
    await made.send({ type: "traffic.returned" });
    assert.deepEqual(limitsOf(made), []);
  });

  it("is hot again after a restart, or after another declaration of the paths", async () => {
    for (const forget of [
      { type: "restart" },
      { type: "spec.changed", connection: connectionOf({ ...standingBy("hot"), paths: third }) },
    ] as const) {
      const made = await hot(standingBy("hot"));
      await made.send({ type: "traffic.drawn", path: "backup" });
      await made.send({ type: "traffic.returned" });
      await made.send({ type: "spec.changed", connection: connectionOf(standingBy("hot")) });
      assert.equal(kindOf(made), "warm");
      await made.send(forget);
      assert.deepEqual(limitsOf(made), []);
      assert.equal(kindOf(made), "hot");
    }
  });
});

const third = [...standingBy("hot").paths, { name: "third", remoteAddr: "192.0.2.10" }];

describe("a peer that keeps one IKE SA for an identity", () => {
  /** The peer ends the IKE SA of one path as soon as it has made that of the other one. */
  const replaced = async (made: Harness, came: "main" | "backup", order: "first" | "last") => {
    const lists = {
      main: [async () => made.list("backup"), async () => made.list("main", ikeSa())],
      backup: [async () => made.list("main"), async () => made.list("backup", childless())],
    }[came];
    for (const list of order === "first" ? lists : lists.toReversed()) await list();
  };

  for (const order of ["first", "last"] as const)
    it(`has cold standbys once it has replaced an IKE SA twice, if its end is listed ${order}`, async () => {
      const made = await harness(standingBy("warm"));
      await made.list("main", ikeSa());
      await made.wait(2_000);
      await replaced(made, "backup", order);
      assert.deepEqual(limitsOf(made), []);
      await replaced(made, "main", order);
      assert.deepEqual(limitsOf(made), [Reason.PeerKeepsOne]);
      assert.equal(kindOf(made), "cold");
      const dialled = made.calls.count("initiateIke");
      await made.list("backup");
      await made.wait(600_000);
      assert.equal(made.calls.count("initiateIke"), dialled);
      assert.deepEqual(made.switches, []);
    });

  it("ends the war of two paths that take over from each other", async () => {
    const made = await harness(standingBy("hot"));
    await made.list("main", ikeSa());
    await made.wait(2_000);
    const initiated = () =>
      made.calls.made
        .filter(({ name }) => name === "initiate")
        .map(({ input }) => (input as { connectionName: string }).connectionName);
    // The peer makes the SAs of each path that is dialled, and ends those of the other one.
    for (let turn = 0; turn < 100 && turn < initiated().length; turn++) {
      const isMain = initiated()[turn] === "site";
      await made.list(isMain ? "main" : "backup", isMain ? ikeSa() : viaBackup());
      await made.list(isMain ? "backup" : "main");
    }
    assert.deepEqual(limitsOf(made), [Reason.PeerKeepsOne]);
    const { length } = made.switches;
    assert.ok(length <= 3, `${length} switches`);
    const before = initiated();
    assert.ok(before.length <= 6, String(before));
    await made.wait(60_000);
    assert.deepEqual(initiated(), before);
    assert.equal(made.switches.length, length);
  });

  it("has the path that a move leaves cold at once", async () => {
    const made = await harness(standingBy("warm"));
    await made.list("main", ikeSa());
    for (let attempt = 0; attempt < 2; attempt++) {
      await refuse(made);
      await made.wait(90_000);
    }
    await made.send({ type: "move", path: "backup" });
    await made.list("backup", viaBackup());
    assert.deepEqual(made.switches, ["main backup move"]);
    assert.deepEqual(made.calls.last("terminateIke"), { uniqueIds: ["7"] });
    const initiated = made.calls.count("initiate");
    await made.list("main");
    await made.wait(60_000);
    assert.equal(made.calls.count("initiate"), initiated);
  });

  it("has cold standbys once it has refused twice what it accepted of another path", async () => {
    const made = await harness(standingBy("warm"));
    await made.list("main", ikeSa());
    await refuse(made);
    assert.deepEqual(limitsOf(made), []);
    await made.wait(90_000);
    await refuse(made);
    assert.deepEqual(limitsOf(made), [Reason.PeerKeepsOne]);
    assert.equal(kindOf(made), "cold");
    const dialled = made.calls.count("initiateIke");
    await made.wait(600_000);
    assert.equal(made.calls.count("initiateIke"), dialled);
  });

  it("is not taken for one if it refuses another identity", async () => {
    const [main, backup] = standingBy("warm").paths;
    const made = await harness({ paths: [main, { ...backup, localId: "node.other" }] });
    await made.list("main", ikeSa());
    for (let attempt = 0; attempt < 4; attempt++) {
      await refuse(made);
      await made.wait(90_000);
    }
    assert.deepEqual(limitsOf(made), []);
  });

  it("is not taken for one if it ends all IKE SAs, as in a restart, again and again", async () => {
    const made = await harness(standingBy("warm"));
    await made.list("main", ikeSa());
    await made.list("backup", childless());
    for (let restart = 0; restart < 4; restart++) {
      await made.wait(60_000);
      for (const path of ["main", "backup"]) await made.list(path);
      await made.list("main", ikeSa());
      await made.list("backup", childless());
      await made.wait(60_000);
      await made.list("main");
      await made.list("main", ikeSa());
      await made.list("backup");
      await made.list("backup", childless());
    }
    assert.deepEqual(limitsOf(made), []);
  });

  it("is not taken for one if the ends are far apart, or ipman ended the IKE SA", async () => {
    const made = await harness(standingBy("warm"));
    await made.list("main", ikeSa());
    for (let count = 0; count < 4; count++) {
      await made.list("backup", childless());
      await made.wait(1_500);
      await made.list("backup");
      await made.wait(600_000);
    }
    await made.list("backup", childless());
    await made.send({ type: "restart" });
    await made.list("main");
    await made.list("backup", childless());
    assert.deepEqual(limitsOf(made), []);
  });

  it("is not taken for one by a clash each quarter of an hour", async () => {
    const made = await harness(standingBy("warm"));
    await made.list("main", ikeSa());
    await made.wait(2_000);
    for (let count = 0; count < 4; count++) {
      await replaced(made, "backup", "last");
      await made.list("main", ikeSa());
      await made.wait(900_000);
      await made.list("backup");
      await made.wait(2_000);
    }
    assert.deepEqual(limitsOf(made), []);
  });
});

/** The peer refuses to authenticate the IKE SA of the path backup. */
async function refuse(made: Harness): Promise<void> {
  await made.list("backup", childless({ state: "CONNECTING" }));
  const refused = failure(Reason.AuthenticationFailed, "the peer does not accept it");
  await made.send({ type: "peer.notified", path: "backup", failure: refused });
  await made.list("backup");
  await made.wait(200);
}
