import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ikeSa } from "../../../test/models/fixtures.ts";
import { harness, two, viaBackup } from "../../../test/models/several-paths-harness.ts";
import type { ConnectionActor } from "../../machines/connection/connection.ts";
import type { Egress } from "../../adapters/netlink/route-lookup.ts";
import { failure, Reason } from "../../model/status/failure.ts";
import type { Standby } from "../../model/api/schema/ipsec-connection.ts";
import type { Examiner } from "./examiner.ts";
import { byActivePath, checkStandbys } from "./standbys.ts";

type Made = Awaited<ReturnType<typeof harness>>;

const rootOf = ({ snapshot }: Made) => ({ getSnapshot: snapshot }) as unknown as ConnectionActor;

/** A connection whose path main is active and up. */
async function made(standby: Standby): Promise<Made> {
  const [main, backup] = two.paths;
  const one = await harness({ paths: [main, { ...backup, standby }] });
  await one.list("main", ikeSa());
  return one;
}

const wired = { device: "eth0", kind: "" } as Egress;

function findingsOf(one: Made, way: Egress | undefined = wired) {
  const examiner = { wayTo: () => way, hasAddress: () => true } as unknown as Examiner;
  return checkStandbys(rootOf(one), examiner);
}

function found(one: Made, way?: Egress): string[] {
  return findingsOf(one, way).map(
    ({ verdict, check, path, message }) => `${verdict} ${check} ${path} ${message}`,
  );
}

describe("the diagnosis of a standby", () => {
  it("passes if its IKE SA is up", async () => {
    const one = await made("warm");
    await one.list("backup", viaBackup());
    assert.deepEqual(found(one), ["ok standby backup is up, to 192.0.2.9, and can take over"]);
  });

  it("names the reason if it has to be up and is not", async () => {
    const one = await made("warm");
    await one.send({ type: "secret.missing", path: "backup" });
    const [finding, ...others] = found(one);
    assert.match(finding ?? "", /^problem standby backup is warm and not up: SecretMissing: /);
    assert.deepEqual(others, []);
    assert.match(findingsOf(one)[0]?.hint ?? "", /^create the Secret/);
  });

  it("names the reason if a hot standby has no CHILD SA", async () => {
    const one = await made("hot");
    await one.list("backup", viaBackup({ children: [] }));
    const refused = failure(Reason.TrafficSelectorsRefused, "it does not accept the networks");
    await one.send({ type: "peer.notified", path: "backup", failure: refused });
    await one.list("backup", viaBackup({ children: [] }));
    await one.wait(1_000);
    await one.list("backup", viaBackup({ children: [] }));
    await one.wait(1_000);
    const [finding, ...others] = found(one);
    assert.match(
      finding ?? "",
      /^problem standby backup is hot and not up: TrafficSelectorsRefused/,
    );
    assert.deepEqual(others, []);
  });

  it("names a limit of the peer by which it has less than is declared", async () => {
    const one = await made("hot");
    await one.list("backup", viaBackup());
    await one.send({ type: "traffic.drawn", path: "backup" });
    await one.send({ type: "traffic.returned" });
    const [limit, standby] = findingsOf(one);
    assert.deepEqual([limit?.verdict, limit?.path], ["problem", undefined]);
    assert.match(limit?.message ?? "", /^PeerTakesLast: .*a CHILD SA of backup/);
    assert.match(limit?.hint ?? "", /^declare `standby: warm`/);
    assert.equal(standby?.path, "backup");
  });

  it("has its state and the missing route to its peer as well", async () => {
    const one = await made("hot");
    const without = { device: "dummy0", kind: "dummy" } as Egress;
    assert.deepEqual(found(one, without), [
      "problem route backup IKE to the peer goes to dummy0, which drops everything",
      "problem standby backup is hot and not up: it is negotiating",
    ]);
  });

  it("has a note on a cold one, which only a dial tests", async () => {
    const one = await made("cold");
    const [finding] = found(one);
    assert.match(finding ?? "", /^note standby backup is cold: whether it would come up/);
    await one.send({ type: "move", path: "backup" });
    assert.deepEqual(found(one), ["note standby backup is being dialled to take over"]);
  });

  it("finds nothing of a connection with one path, whose findings name none", async () => {
    const one = await harness({});
    assert.deepEqual(found(one), []);
    const finding = { check: "IKE SA", verdict: "ok", message: "is up" } as const;
    assert.deepEqual(byActivePath(rootOf(one), [finding]), [finding]);
  });
});
