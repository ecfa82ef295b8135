import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Subject } from "rxjs";
import { connectionOf } from "../../../test/models/fixtures.ts";
import { beatOfSite } from "../../model/beats/beat.fixture.ts";
import type { ConnectionBeat } from "../../model/beats/beat.ts";
import type { Presence } from "../../model/beats/peer-presence.ts";
import type { PeerEvent } from "../../model/beats/peer-event.ts";
import type { HeardBeat, PresenceChange } from "./beat-exchange.ts";
import { ConnectionBeats, peersOf } from "./connection-beats.ts";

const path = (name: string, nodeName: string) => ({ name, nodeName, groupRef: undefined });
const site = connectionOf({
  nodeName: "a",
  paths: [path("main", "a"), path("backup", "b")],
});

interface FakeRoot {
  readonly beat: ConnectionBeat | undefined;
}

/** The beats of one connection, of which groups A and B have a path each. */
function situation() {
  const beats = new Subject<HeardBeat>();
  const presences = new Subject<PresenceChange>();
  const rounds = new Subject<void>();
  const activity = new Subject<{ id: string }>();
  const sent: PeerEvent[] = [];
  const published: string[] = [];
  const errors: unknown[] = [];
  const state: { now: number; root: FakeRoot | undefined; presence: Presence } = {
    now: 0,
    root: { beat: beatOfSite() },
    presence: "unknown",
  };
  const bridge = new ConnectionBeats<FakeRoot>({
    groupId: "node:a",
    exchange: {
      beats,
      presences,
      rounds,
      presenceOf: () => state.presence,
      publish: (group, id, beat) => published.push(`${group} ${id} ${beat?.epoch}`),
    },
    rootOf: () => state.root,
    beatOf: (root) => root.beat,
    send: (_, event) => sent.push(event),
    activity,
    report: (error) => errors.push(error),
    clock: { elapsed: () => state.now },
  });
  const declare = (connection = site) => bridge.declare(new Map([[connection.id, connection]]));
  const hear = (changes: Partial<ConnectionBeat> = {}, group = "node:b") => {
    const paths = [{ path: "backup", ready: true, up: false, failed: false }];
    beats.next({ group, beat: beatOfSite({ connection: site.id, paths, ...changes }) });
  };
  const changed = () => activity.next({ id: site.id });
  const typesSent = () => sent.splice(0).map(({ type }) => type);
  const round = (ms: number) => {
    state.now += ms;
    rounds.next();
  };
  return {
    bridge,
    state,
    sent,
    typesSent,
    published,
    errors,
    presences,
    declare,
    hear,
    changed,
    round,
  };
}

describe("the beats of a connection", () => {
  it("are sent to its other groups when they change", () => {
    const { state, published, declare, changed } = situation();
    declare();
    changed();
    state.root = { beat: beatOfSite() };
    changed();
    state.root = { beat: beatOfSite({ epoch: 8 }) };
    changed();
    assert.deepEqual(published, [`node:b ${site.id} 7`, `node:b ${site.id} 8`]);
  });

  it("end with the connection, and with its paths elsewhere", () => {
    const { bridge, published, declare } = situation();
    declare();
    published.length = 0;
    bridge.declare(new Map());
    declare();
    declare({ ...site, paths: [] });
    assert.deepEqual(published, [
      `node:b ${site.id} undefined`,
      `node:b ${site.id} 7`,
      `node:b ${site.id} undefined`,
    ]);
    assert.equal(bridge.leading.size, 0);
  });

  it("are sent again after the declaration changed, since a peer may be another one", () => {
    const { published, declare } = situation();
    declare();
    declare({ ...site, generation: 2 });
    assert.deepEqual(published, [`node:b ${site.id} 7`, `node:b ${site.id} 7`]);
  });

  it("reach the actor if their content changed, with the paths of their sender only", () => {
    const { sent, declare, hear } = situation();
    declare();
    hear();
    hear();
    const foreign = { path: "main", ready: true, up: true, failed: false };
    const own = { path: "backup", ready: true, up: true, failed: false };
    hear({ paths: [foreign, own] });
    const heard = sent.map((event) => event.type === "beat.heard" && event.beat.paths);
    assert.deepEqual(heard, [[{ ...own, up: false }], [own]]);
  });

  it("are ignored from groups without a path, and about other connections", () => {
    const { typesSent, declare, hear } = situation();
    declare();
    hear({}, "node:c");
    hear({ connection: "other" });
    assert.deepEqual(typesSent(), []);
  });

  it("reach the actor again after the group was absent, which it then forgot", () => {
    const { typesSent, presences, declare, hear } = situation();
    declare();
    hear();
    presences.next({ group: "node:b", presence: "absent" });
    presences.next({ group: "node:c", presence: "absent" });
    presences.next({ group: "node:b", presence: "present" });
    hear();
    assert.deepEqual(typesSent(), ["beat.heard", "group.absent", "group.present", "beat.heard"]);
  });

  it("reach an actor that was started again, with everything else that is known", () => {
    const { state, typesSent, declare, hear, changed, round } = situation();
    declare();
    hear();
    round(1_000);
    assert.deepEqual(typesSent(), ["beat.heard", "peers.known"]);
    state.root = undefined;
    changed();
    state.presence = "present";
    state.root = { beat: beatOfSite() };
    changed();
    assert.deepEqual(typesSent(), ["group.present", "beat.heard", "peers.known"]);
  });

  it("reach the actor with the presence of a group that a declaration adds", () => {
    const { state, sent, declare } = situation();
    declare();
    state.presence = "absent";
    declare({ ...site, generation: 2 });
    assert.deepEqual(sent, []);
    declare({
      ...site,
      paths: [...site.paths, { ...site.paths[1], ...path("third", "c") }] as never,
    });
    assert.deepEqual(sent, [{ type: "group.absent", group: "node:c" }]);
  });

  it("make the peers known after a second, or without any after three", () => {
    for (const [isHeard, ms] of [
      [true, 1_000],
      [false, 3_000],
    ] as const) {
      const { typesSent, declare, hear, round } = situation();
      declare();
      if (isHeard) hear();
      typesSent();
      round(ms - 100);
      assert.deepEqual(typesSent(), []);
      round(100);
      round(100);
      assert.deepEqual(typesSent(), ["peers.known"]);
    }
  });

  it("concern the other groups alone, and none if this group has no path", () => {
    assert.deepEqual([...peersOf(site, "node:a")], ["node:b"]);
    assert.deepEqual([...peersOf(site, "node:c")], []);
    assert.deepEqual([...peersOf(connectionOf({ nodeName: "a" }), "node:a")], []);
  });

  it("say by which connections this agent leads", () => {
    const { bridge, errors, declare } = situation();
    declare();
    assert.deepEqual([...bridge.leading], [[site.id, true]]);
    assert.deepEqual(errors, []);
  });

  it("send an actor whether this group leaves, also one that starts again", () => {
    const { bridge, state, sent, declare, changed } = situation();
    declare();
    sent.splice(0);
    bridge.leave((id) => id === site.id);
    bridge.leave((id) => id === site.id);
    assert.deepEqual(sent.splice(0), [{ type: "group.leaves", leaves: true }]);
    state.root = { beat: undefined };
    changed();
    assert.deepEqual(sent.splice(0), [{ type: "group.leaves", leaves: true }]);
    bridge.leave(() => false);
    assert.deepEqual(sent.splice(0), [{ type: "group.leaves", leaves: false }]);
  });
});
