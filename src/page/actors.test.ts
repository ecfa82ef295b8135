import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { InspectorMessage } from "../runtime/inspector/wire.ts";
import { Actors, failureOf, rootOf } from "./actors.ts";
import { countByState, matcher } from "./filter.ts";
import { EventLog } from "./event-log.ts";
import { History } from "./history.ts";
import { clock, formatDuration } from "./times.ts";

const about = (sessionId: string, at = 0) => ({
  _version: "0.7.2",
  id: "",
  createdAt: String(at),
  sessionId,
  rootId: "r",
});

function actor(
  sessionId: string,
  name: string,
  value: unknown,
  parentId?: string,
): InspectorMessage {
  const machine = name.split(".")[0] ?? "";
  const snapshot = { status: "active", value, publicState: undefined, context: {}, children: {} };
  const told = { ...about(sessionId), name, parentId, machine, definition: `${machine} chart` };
  return { ...told, type: "@xstate.actor", snapshot: value === null ? null : snapshot };
}

function dealt(
  sessionId: string,
  type: string,
  value: unknown,
  more = {},
  at = 0,
): InspectorMessage {
  const snapshot = {
    status: "active",
    value,
    publicState: undefined,
    context: {},
    children: {},
    ...more,
  };
  return { ...about(sessionId, at), type: "@xstate.snapshot", event: { type }, snapshot };
}

function some(): Actors {
  const actors = new Actors();
  for (const told of [
    actor("p", "partner", "pending"),
    actor("l", "child.lan", { negotiating: "waiting" }, "p"),
    actor("g", "gateway", "ready", "l"),
    actor("c", "charon", { connected: { ready: "idle" } }),
    actor("b", "bank", "established"),
  ])
    actors.take(told);
  return actors;
}

describe("the page's actors", () => {
  it("have their ages by the clock of the process that they are in", (context) => {
    let elapsed = 5_000;
    context.mock.method(performance, "now", () => elapsed);
    const actors = new Actors();
    actors.take({ ...actor("p", "partner", "pending"), createdAt: "1000" });
    elapsed += 250;
    assert.equal(actors.now, 1_250);
    assert.equal(actors.now - (actors.byTitle("partner")?.since ?? 0), 250);
  });

  it("stand below their parents, charon first, and have titles that last", () => {
    const titles = some().ordered.map(({ title, depth }) => `${depth} ${title}`);
    assert.deepEqual(titles, [
      "0 charon",
      "0 bank",
      "0 partner",
      "1 partner/lan",
      "2 partner/lan gateway",
    ]);
    const gateway = some().byTitle("partner/lan gateway");
    assert.equal(gateway && rootOf(gateway).title, "partner");
    assert.equal(some().byTitle("charon")?.state, "connected.ready.idle");
  });

  it("are known by charts that are told once", () => {
    const actors = some();
    actors.take({ ...(actor("x", "other", "pending") as object), definition: undefined } as never);
    const partner = actors.byTitle("partner");
    assert.equal(partner && actors.definitionOf(partner), "partner chart");
  });

  it("move, or deal with an event and stay; and go with those below them", () => {
    const actors = some();
    const moved = actors.take(dealt("l", "sas.listed", "established", {}, 7));
    assert.deepEqual(
      { ...moved?.move, actor: undefined },
      {
        actor: undefined,
        at: 7,
        from: "negotiating.waiting",
        to: "established",
        event: "sas.listed",
      },
    );
    assert.equal(actors.byTitle("partner/lan")?.since, 7);
    assert.equal(actors.take(dealt("l", "sas.listed", "established"))?.move, undefined);
    actors.take(dealt("p", "done", "gone", { status: "done" }));
    assert.deepEqual(
      actors.ordered.map(({ title }) => title),
      ["charon", "bank"],
    );
    actors.clear();
    assert.equal(actors.ordered.length, 0);
  });

  it("are found by words in title, state and failure, and by state", () => {
    const actors = some();
    const failure = { reason: "PeerUnreachable", message: "the peer does not answer" };
    actors.take(dealt("b", "x", "failed", { context: { failure } }));
    const found = (words: string, state?: string) =>
      actors.ordered.filter(matcher({ words, state })).map(({ title }) => title);
    assert.deepEqual(found("LAN gate"), ["partner/lan gateway"]);
    assert.deepEqual(found("unreachable"), ["bank"]);
    assert.deepEqual(found("", "negotiating"), ["partner/lan"]);
    assert.deepEqual(found("bank", "pending"), []);
    assert.deepEqual(Object.fromEntries(countByState(actors.ordered)), {
      failed: 1,
      negotiating: 1,
      pending: 1,
      ready: 2,
    });
    const bank = actors.byTitle("bank");
    assert.equal(bank && failureOf(bank), "PeerUnreachable: the peer does not answer");
  });
});

describe("what the page remembers", () => {
  it("is how long an actor was in each state, over reconnections", () => {
    const actors = some();
    const history = new History();
    const lan = actors.byTitle("partner/lan");
    assert.ok(lan);
    history.begin(lan.title, lan.state, 0);
    const { move } = actors.take(dealt("l", "sas.listed", "established", {}, 9)) ?? {};
    assert.ok(move);
    history.move(move);
    history.begin(lan.title, "established", 12);
    history.begin(lan.title, "failed", 20);
    assert.deepEqual(history.of(lan.title), [
      { state: "negotiating.waiting", from: 0, to: 9, event: undefined },
      { state: "established", from: 9, to: 20, event: "sas.listed" },
      { state: "failed", from: 20, to: undefined, event: undefined },
    ]);
  });

  it("is bounded, however much happens", () => {
    const actors = some();
    const history = new History();
    const events = new EventLog();
    for (let i = 0; i < 10_000; i++) {
      const handled = actors.take(dealt("l", "e", i % 2 === 0 ? "a" : "b", {}, i));
      assert.ok(handled?.move);
      events.note(handled);
      history.move(handled.move);
    }
    const lan = actors.byTitle("partner/lan");
    assert.ok(lan);
    assert.equal(history.of(lan.title).length, 100);
    const last = events.of(lan, 10_000);
    assert.ok(last.length >= 2_000 && last.length <= 4_000);
    assert.equal(last[0]?.at, 9_999);
  });
});

describe("times", () => {
  for (const [ms, text] of [
    [0, "0 s"],
    [12_345, "12 s"],
    [185_000, "3 min 5 s"],
    [7_200_000, "2 h"],
    [273_600_000, "3 d 4 h"],
  ] as const) {
    it(`${ms} ms are ${text}`, () => assert.equal(formatDuration(ms), text));
  }

  it("of day have milliseconds", () => {
    assert.equal(clock(new Date(2026, 0, 2, 3, 4, 5, 6).getTime()), "03:04:05.006");
  });
});
