import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PublicState } from "../model/status/public-state.ts";
import type { InspectorMessage, ShownSnapshot } from "../runtime/inspector/wire.ts";
import { Actors, failureOf, rootOf } from "./actors.ts";
import { EventLog } from "./event-log.ts";
import { countByState, matcher } from "./filter.ts";
import { History } from "./history.ts";
import { formatAge, formatDuration, formatTime } from "./times.ts";

const header = (sessionId: string, at = 0) => ({
  _version: "0.7.2",
  id: "",
  createdAt: String(at),
  sessionId,
  rootId: "r",
});

function snapshotOf(value: unknown, more: Partial<ShownSnapshot> = {}): ShownSnapshot {
  const [outer] = typeof value === "string" ? [value] : Object.keys((value ?? {}) as object);
  const shown = new Set(["pending", "negotiating", "established", "failed"]);
  const publicState = shown.has(outer ?? "") ? (outer as PublicState) : undefined;
  return { status: "active", value, publicState, context: {}, children: {}, ...more };
}

function machineOf(title: string): string {
  if (title.endsWith(" gateway")) return "gateway";
  return title.includes("/") ? "child" : title;
}

function added(
  sessionId: string,
  title: string,
  value: unknown,
  parentId?: string,
): InspectorMessage {
  const label = title.split("/").at(-1) ?? "";
  const machine = machineOf(title);
  const snapshot = value === null ? null : snapshotOf(value);
  const about = {
    name: label,
    title,
    label,
    parentId,
    machine,
    definition: `${machine} chart`,
    snapshot,
  };
  return { ...header(sessionId), ...about, type: "@xstate.actor" };
}

function handled(
  sessionId: string,
  type: string,
  value: unknown,
  more: Partial<ShownSnapshot> = {},
  at = 0,
): InspectorMessage {
  const snapshot = snapshotOf(value, more);
  return { ...header(sessionId, at), type: "@xstate.snapshot", event: { type }, snapshot };
}

function sample(): Actors {
  const actors = new Actors();
  for (const message of [
    added("p", "partner-10", "pending"),
    added("l", "partner-10/lan", { negotiating: "waiting" }, "p"),
    added("g", "partner-10/lan gateway", "ready", "l"),
    added("d", "partner-10/dmz", "pending", "p"),
    added("c", "charon", { connected: { ready: "idle" } }),
    added("b", "partner-2", "established"),
  ])
    actors.apply(message);
  return actors;
}

const titlesOf = (actors: Actors) => actors.ordered.map(({ title, depth }) => `${depth} ${title}`);

describe("the page's actors", () => {
  it("have their ages by the clock of the process that they run in", (context) => {
    let elapsed = 5_000;
    context.mock.method(performance, "now", () => elapsed);
    const actors = new Actors();
    actors.apply({ ...added("p", "partner", "pending"), createdAt: "1000" });
    elapsed += 250;
    assert.equal(actors.now, 1_250);
    assert.equal(actors.now - (actors.byTitle("partner")?.since ?? 0), 250);
  });

  it("come after their parents, charon first, the others in natural order", () => {
    assert.deepEqual(titlesOf(sample()), [
      "0 charon",
      "0 partner-2",
      "0 partner-10",
      "1 partner-10/dmz",
      "1 partner-10/lan",
      "2 partner-10/lan gateway",
    ]);
  });

  it("have their outermost ancestor as root", () => {
    const gateway = sample().byTitle("partner-10/lan gateway");
    assert.equal(gateway && rootOf(gateway).title, "partner-10");
  });

  it("show their public state, or else the outermost meaningful state", () => {
    const actors = sample();
    const shown = actors.ordered.map(({ state, shown }) => `${state} as ${shown}`);
    assert.deepEqual(shown, [
      "connected.ready.idle as ready",
      "established as established",
      "pending as pending",
      "pending as pending",
      "negotiating.waiting as negotiating",
      "ready as ready",
    ]);
    actors.apply(handled("b", "sas.listed", "moving", { publicState: "established" }, 5));
    const moving = actors.byTitle("partner-2");
    assert.equal(moving?.shown, "established");
    assert.equal(moving?.since, 0);
  });

  it("have the chart that was received with the first actor of their machine", () => {
    const actors = sample();
    actors.apply({ ...added("x", "other", "pending"), definition: undefined } as InspectorMessage);
    const lan = actors.byTitle("partner-10/lan");
    assert.equal(lan && actors.definitionOf(lan), "child chart");
  });

  it("report a change of state with its cause, and no change for other events", () => {
    const actors = sample();
    const lan = actors.byTitle("partner-10/lan");
    const result = actors.apply(handled("l", "sas.listed", "established", {}, 7));
    assert.deepEqual(result?.change, {
      actor: lan,
      at: 7,
      from: "negotiating.waiting",
      to: "established",
      shownFrom: "negotiating",
      shown: "established",
      event: "sas.listed",
    });
    assert.equal(lan?.since, 7);
    assert.equal(lan?.arrival, result?.change);
    assert.equal(actors.apply(handled("l", "sas.listed", "established"))?.change, undefined);
  });

  it("keep the time of their shown state while the state inside changes", () => {
    const actors = sample();
    actors.apply(handled("l", "sas.listed", { negotiating: "judging" }, {}, 7));
    const lan = actors.byTitle("partner-10/lan");
    assert.equal(lan?.state, "negotiating.judging");
    assert.equal(lan?.since, 0);
    assert.equal(lan?.arrival, undefined);
  });

  it("are removed with the actors below them", () => {
    const actors = sample();
    actors.apply(handled("p", "done", "gone", { status: "done" }));
    assert.deepEqual(titlesOf(actors), ["0 charon", "0 partner-2"]);
    actors.clear();
    assert.equal(actors.ordered.length, 0);
  });

  it("are found by words in title, state and failure, and by their shown state", () => {
    const actors = sample();
    const failure = { reason: "PeerUnreachable", message: "the peer does not answer" };
    actors.apply(handled("b", "x", "failed", { context: { failure } }));
    const found = (words: string, state?: string) =>
      actors.ordered.filter(matcher({ words, state })).map(({ title }) => title);
    assert.deepEqual(found("LAN gate"), ["partner-10/lan gateway"]);
    assert.deepEqual(found("unreachable"), ["partner-2"]);
    assert.deepEqual(found("", "negotiating"), ["partner-10/lan"]);
    assert.deepEqual(found("partner-2", "pending"), []);
    assert.deepEqual(Object.fromEntries(countByState(actors.ordered)), {
      failed: 1,
      negotiating: 1,
      pending: 2,
      ready: 2,
    });
    const partner = actors.byTitle("partner-2");
    assert.equal(partner && failureOf(partner), "PeerUnreachable: the peer does not answer");
  });
});

describe("the page's history", () => {
  it("has the time that an actor was in each state, across reconnections", () => {
    const actors = sample();
    const history = new History();
    const lan = actors.byTitle("partner-10/lan");
    assert.ok(lan);
    history.begin({ ...lan, since: 0 });
    const { change } = actors.apply(handled("l", "sas.listed", "established", {}, 9)) ?? {};
    assert.ok(change);
    history.change(change);
    history.begin({ ...lan, state: "established", since: 12 });
    history.begin({ ...lan, state: "failed", shown: "failed", since: 20 });
    const [first, second, third] = history.of(lan.title);
    const negotiating = { state: "negotiating.waiting", shown: "negotiating" };
    assert.deepEqual(first, { ...negotiating, from: 0, to: 9, event: undefined });
    const established = { state: "established", shown: "established" };
    assert.deepEqual(second, { ...established, from: 9, to: 20, event: "sas.listed" });
    const failed = { state: "failed", shown: "failed" };
    assert.deepEqual(third, { ...failed, from: 20, to: undefined, event: undefined });
  });

  it("is bounded, and so is the event log", () => {
    const actors = sample();
    const history = new History();
    const log = new EventLog();
    for (let i = 0; i < 10_000; i++) {
      const result = actors.apply(handled("l", "e", i % 2 === 0 ? "a" : "b", {}, i));
      assert.ok(result?.change);
      log.add(result);
      history.change(result.change);
    }
    const lan = actors.byTitle("partner-10/lan");
    assert.ok(lan);
    assert.equal(history.of(lan.title).length, 100);
    const latest = log.of(lan, 10_000);
    assert.ok(latest.length >= 2_000 && latest.length <= 4_000);
    assert.equal(latest[0]?.at, 9_999);
  });
});

describe("times on the page", () => {
  for (const [ms, text] of [
    [0, "0 s"],
    [12_345, "12 s"],
    [185_000, "3 min 5 s"],
    [7_200_000, "2 h"],
    [273_600_000, "3 d 4 h"],
  ] as const) {
    it(`show ${ms} ms as ${text}`, () => assert.equal(formatDuration(ms), text));
  }

  it("show a minimum age if a state began before the page received it", () => {
    const actors = sample();
    const lan = actors.byTitle("partner-10/lan");
    assert.ok(lan);
    assert.equal(formatAge(lan, 3_000), "at least 3 s");
    actors.apply(handled("l", "sas.listed", "established", {}, 1_000));
    assert.equal(formatAge(lan, 3_000), "2 s");
  });

  it("show a time of day with milliseconds", () => {
    assert.equal(formatTime(new Date(2026, 0, 2, 3, 4, 5, 6).getTime()), "03:04:05.006");
  });
});
