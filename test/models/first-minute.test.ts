import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createActor, setup, SimulatedClock, type ActorRefFrom } from "xstate";
import type { childMachine } from "../../src/machines/child/child.ts";
import type { ChildSa } from "../../src/model/charon/sa.ts";
import { failure, Reason } from "../../src/model/status/failure.ts";
import { Calls, childSa, childSpec, childWith, connectionOf, ikeSa, settled } from "./fixtures.ts";

const networks = ["10.1.2.0/24", "10.7.0.0/24"];

/** A peer's answer to a child that initiates. */
type Answer = "refuses" | "closes" | "narrows and closes";

/** Answers a child for some minutes; returns the times at which it initiated, in milliseconds. */
async function initiations(minutes: number, answerTo: (count: number) => Answer) {
  const calls = new Calls();
  const clock = new SimulatedClock();
  const [child] = connectionOf({
    children: { "child-2": childSpec(2, { remote_ips: networks }) },
  }).children;
  assert.ok(child);
  const input = { connection: connectionOf(), child, loaded: true };
  const machine = setup({ actors: { child: childWith(calls) } }).createMachine({
    invoke: { id: "child", src: "child", input },
    on: { "sas.wanted": {} },
  });
  const root = createActor(machine, { clock }).start();
  const actor = root.getSnapshot().children["child"] as ActorRefFrom<typeof childMachine>;
  const times: number[] = [];
  const list = async (...children: ChildSa[]) => {
    actor.send({ type: "sas.listed", ikeSas: [ikeSa({ children })] });
    await settled();
  };
  for (let now = 0; now < minutes * 60_000; now += 50) {
    await settled();
    while (calls.count("initiate") > times.length) {
      times.push(now);
      const answer = answerTo(times.length);
      const remoteSelectors = answer === "closes" ? networks : networks.slice(0, 1);
      if (answer === "refuses")
        actor.send({ type: "peer.notified", failure: failure(Reason.PeerUnreachable, "silent") });
      else await list(childSa({ uniqueId: String(times.length), remoteSelectors }));
      await list();
    }
    await list();
    clock.increment(50);
  }
  root.stop();
  return times;
}

describe("whatever the peer answers, a child", () => {
  const within = (times: readonly number[], from: number, to: number) =>
    times.filter((ms) => ms >= from && ms < to).length;
  const random = randomNumbers(7);
  const peers: readonly (readonly [title: string, (count: number) => Answer])[] = [
    ["closes each SA", () => "closes"],
    ["narrows and closes each SA", () => "narrows and closes"],
    ["refuses each SA", () => "refuses"],
    ["closes four SAs, then refuses", (count) => (count <= 4 ? "closes" : "refuses")],
    ["refuses four SAs, then closes", (count) => (count <= 4 ? "refuses" : "closes")],
    ["refuses and closes in turn", (count) => (count % 2 === 0 ? "refuses" : "closes")],
    ...[1, 2, 3].map(
      (n) =>
        [`answers at random, number ${n}`, () => (random() < 0.5 ? "refuses" : "closes")] as const,
    ),
  ];
  for (const [title, answer] of peers) {
    it(`initiates at most 10 SAs in the first minute if the peer ${title}`, async (t) => {
      // The shortest pauses.
      t.mock.method(Math, "random", () => 0);
      const times = await initiations(4, answer);
      assert.ok(within(times, 0, 60_000) <= 10, times.join(", "));
      assert.ok(within(times, 0, 60_000) >= 5, times.join(", "));
      // A peer that is not reached is asked about every 15 to 30 s.
      const most = title.includes("closes each") ? 1 : 4;
      for (const minute of [1, 2, 3])
        assert.ok(within(times, minute * 60_000, (minute + 1) * 60_000) <= most, times.join(", "));
    });
  }
});

/** Numbers from 0 to 1 by a linear congruence, the same in each run. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
