import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defer, Subject } from "rxjs";
import type { ConnectionContext } from "../../machines/connection/connection-types.ts";
import { noChoice, type PathChoice } from "../../machines/connection/path-choice.ts";
import type { Connection } from "../../model/api/connection.ts";
import type { EchoOutcome } from "../../model/probe/echo-judge.ts";
import { childSpec, connectionOf, gateway, ikeSa } from "../../../test/models/fixtures.ts";
import { EventSubjects } from "../effects/event-subjects.ts";
import { IkeSilences } from "./ike-silences.ts";
import { PathVerdicts, type JudgedRoot } from "./path-verdicts.ts";
import { Probes } from "./probes.ts";

const paths = [{ name: "main" }, { name: "backup", remoteAddr: "192.0.2.9" }];
const several = connectionOf({ paths });
const probed = (changes: object = { paths }) =>
  connectionOf({
    children: {
      a: childSpec(2, { name: "a", probe: { address: "10.1.2.1" } }),
      b: childSpec(3, { name: "b", probe: { address: "10.1.3.1" } }),
      c: childSpec(4, { name: "c" }),
    },
    ...changes,
  });

class Root implements JudgedRoot {
  context: Pick<ConnectionContext, "connection" | "active" | "choice">;
  readonly verdicts: (boolean | undefined)[] = [];

  constructor(connection: Connection) {
    this.context = { connection, active: "main", choice: { ...noChoice, up: ["main"] } };
  }

  getSnapshot() {
    return { context: this.context };
  }

  note(facts: Partial<PathChoice>) {
    this.context = { ...this.context, choice: { ...this.context.choice, ...facts } };
  }

  send(event: Parameters<JudgedRoot["send"]>[0]) {
    if (event.type === "peers.silent") this.note({ silent: event.paths });
    else this.verdicts.push(event.answered);
  }
}

function harness(connection = probed()) {
  const asked = new Map<number, Subject<EchoOutcome>>();
  const events = new EventSubjects();
  events.breakdowns.subscribe(({ error }) => assert.fail(String(error)));
  const root = new Root(connection);
  let present: JudgedRoot = root;
  const probes = new Probes({
    network: {
      echoes: ({ target }) =>
        defer(() => {
          const answers = new Subject<EchoOutcome>();
          asked.set(Number((target.value >> 8n) & 0xffn), answers);
          return answers;
        }),
    },
    events,
    changed: (id) => verdicts.update(id),
  });
  const sas = new Map([
    ["main", [ikeSa({ uniqueId: "1" })]],
    ["backup", [ikeSa({ uniqueId: "2" }), ikeSa({ uniqueId: "3", state: "CONNECTING" })]],
  ]);
  const silences = new IkeSilences({ sasOf: (_, path) => sas.get(path) ?? [] });
  const verdicts = new PathVerdicts({ probes, silences, rootOf: () => present });
  const child = { gateway, workers: [] };
  const place = (...keys: string[]) =>
    probes.update(
      new Map([[connection.id, connection]]),
      new Map([[connection.id, new Map(keys.map((key) => [key, child]))]]),
    );
  place("a", "b");
  verdicts.update(connection.id);
  return {
    root,
    place,
    sas,
    silences,
    update: () => verdicts.update(connection.id),
    take: (type: "peer.silent" | "peer.answers", sa: string) => {
      silences.take({ type, connection: "site", sa });
      verdicts.update(connection.id);
    },
    renew: () => {
      const next = new Root(connection);
      present = next;
      verdicts.update(connection.id);
      return next;
    },
    answer: (subnet: number) => asked.get(subnet)?.next({ seconds: 0.02, unreachable: false }),
    lose: (subnet: number) => asked.get(subnet)?.next({ seconds: undefined, unreachable: true }),
  };
}

describe("the paths whose peers are silent", () => {
  it("are reported at each change, also those that stand by", () => {
    const { root, sas, take, update } = harness();
    take("peer.silent", "2");
    assert.deepEqual(root.context.choice.silent, ["backup"]);
    take("peer.silent", "1");
    assert.deepEqual(root.context.choice.silent, ["main", "backup"]);
    take("peer.answers", "2");
    assert.deepEqual(root.context.choice.silent, ["main"]);
    sas.set("main", []);
    update();
    assert.deepEqual(root.context.choice.silent, []);
  });
});

describe("the verdict about the active path", () => {
  it("is reported at each change: true once a target answers, false once none does", () => {
    const { root, answer, lose } = harness();
    answer(2);
    lose(3);
    assert.deepEqual(root.verdicts, [true], "a dead target of one child is not a dead path");
    lose(2);
    answer(3);
    assert.deepEqual(root.verdicts, [true, false, true]);
  });

  it("is not false while a probe has yet to get its result", () => {
    const { root, place, lose } = harness();
    lose(2);
    assert.deepEqual(root.verdicts, []);
    lose(3);
    assert.deepEqual(root.verdicts, [false]);
    place("a");
    assert.deepEqual(root.verdicts, [false], "a child without a gateway is not asked");
    place();
    assert.deepEqual(root.verdicts, [false, undefined]);
  });

  for (const [what, change] of [
    [
      "another path is active",
      (root: Root) => (root.context = { ...root.context, active: "backup" }),
    ],
    ["the active path comes up", (root: Root) => root.note({ up: ["main"] })],
  ] as const)
    it(`begins again once ${what}`, () => {
      const { root, update, answer, lose } = harness();
      root.note({ up: [] });
      update();
      lose(3);
      answer(2);
      change(root);
      update();
      update();
      assert.deepEqual(root.verdicts, [true, undefined]);
      lose(2);
      lose(3);
      assert.deepEqual(root.verdicts, [true, undefined, false]);
    });

  it("is reported to an actor that was started again", () => {
    const { root, answer, renew } = harness();
    answer(2);
    assert.deepEqual(renew().verdicts, [true]);
    assert.deepEqual(root.verdicts, [true]);
  });

  it("is that of the IKE daemon if no probe is declared", () => {
    const { root, take } = harness(several);
    take("peer.silent", "2");
    assert.deepEqual(root.verdicts, [true], "the standby is not the active path");
    take("peer.silent", "1");
    take("peer.answers", "1");
    assert.deepEqual(root.verdicts, [true, false, true]);
  });

  it("is false by the IKE daemon while the probes have no result, and not if a target answers", () => {
    const { root, take, answer } = harness();
    take("peer.silent", "1");
    assert.deepEqual(root.verdicts, [false]);
    answer(2);
    assert.deepEqual(root.verdicts, [false, true]);
    take("peer.answers", "1");
    take("peer.silent", "1");
    assert.deepEqual(root.verdicts, [false, true]);
  });

  it("is not true by the IKE daemon alone if a probe is declared", () => {
    const { root, take } = harness();
    take("peer.silent", "1");
    take("peer.answers", "1");
    assert.deepEqual(root.verdicts, [false, undefined]);
  });

  it("is true if the peer answers by the newest of several IKE SAs, as after its restart", () => {
    const { root, take, sas } = harness(several);
    sas.set("main", [ikeSa({ uniqueId: "1" }), ikeSa({ uniqueId: "4" })]);
    take("peer.silent", "1");
    assert.deepEqual(root.verdicts, [true]);
    take("peer.silent", "4");
    assert.deepEqual(root.verdicts, [true, false]);
  });

  it("does not depend on IKE SAs that ended, and those of an earlier session with charon", () => {
    const { root, take, update, silences } = harness(several);
    take("peer.silent", "1");
    silences.takeList([ikeSa({ uniqueId: "1" })]);
    update();
    assert.deepEqual(root.verdicts, [true, false]);
    silences.takeList([ikeSa({ uniqueId: "2" })]);
    update();
    assert.deepEqual(root.verdicts, [true, false, true]);
    take("peer.silent", "1");
    silences.endSession();
    update();
    assert.deepEqual(root.verdicts, [true, false, true, false, true]);
  });

  it("needs charon's reports only if a connection has several paths", () => {
    const { silences } = harness(several);
    assert.ok(silences.declare(new Map([[several.id, several]])));
    assert.ok(!silences.declare(new Map([[several.id, connectionOf()]])));
  });

  it("does not exist for a connection with one path, and ends with the second path", () => {
    const single = harness(probed({}));
    single.answer(2);
    assert.deepEqual(single.root.verdicts, []);
    const { root, answer, update } = harness();
    answer(2);
    root.context = { ...root.context, connection: probed({}) };
    update();
    assert.deepEqual(root.verdicts, [true, undefined]);
  });
});
