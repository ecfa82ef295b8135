import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { BehaviorSubject, Subject } from "rxjs";
import type { CharonEvent } from "../../model/charon/charon-event.ts";
import { WorkQueue } from "../actors/work-queue.ts";
import type { AdapterCall } from "../ports/runtime-events.ts";
import { compareMs, lostConnections } from "./lost-connections.ts";

/** A charon whose lists of lost connections are planted, on a mocked clock. */
function harness(t: TestContext) {
  t.mock.timers.enable({ apis: ["setInterval", "Date"] });
  const answers: (string[] | Error)[] = [];
  const [charonEvents, adapterCalls] = [new Subject<CharonEvent>(), new Subject<AdapterCall>()];
  const sessions = new BehaviorSubject(true);
  const emitted: (readonly string[])[] = [];
  let compared = 0;
  const lost = () => {
    compared++;
    const answer = answers.shift() ?? [];
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  const subscription = lostConnections({
    charon: { lost },
    queue: new WorkQueue(),
    events: { charonEvents, adapterCalls },
    sessions,
  }).subscribe((names) => emitted.push(names));
  t.after(() => subscription.unsubscribe());
  const pass = async (milliseconds: number) => {
    t.mock.timers.tick(milliseconds);
    for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate);
  };
  return { answers, charonEvents, adapterCalls, sessions, emitted, pass, compared: () => compared };
}

const refused = (name: string): AdapterCall => ({ name, seconds: 0, failed: true });

describe("connections that charon lost", () => {
  it("are found by a comparison every few seconds", async (t) => {
    const { answers, emitted, pass, compared } = harness(t);
    answers.push([], ["a", "b"]);
    await pass(compareMs);
    assert.deepEqual([compared(), emitted], [1, []]);
    await pass(compareMs);
    assert.deepEqual([compared(), emitted], [2, [["a", "b"]]]);
  });

  it("are found soon after charon's log reports a change, or charon refuses to initiate", async (t) => {
    const { charonEvents, adapterCalls, pass, compared } = harness(t);
    for (let i = 0; i < 3; i++) charonEvents.next({ type: "configuration.changed" });
    await pass(500);
    assert.equal(compared(), 1, "several changes lead to one comparison");
    adapterCalls.next(refused("charon.terminate"));
    await pass(500);
    assert.equal(compared(), 1);
    adapterCalls.next(refused("charon.initiate"));
    await pass(500);
    assert.equal(compared(), 2);
  });

  it("are compared again after a comparison that failed", async (t) => {
    const { answers, emitted, pass } = harness(t);
    answers.push(new Error("no answer"), ["a"]);
    await pass(compareMs);
    await pass(compareMs);
    assert.deepEqual(emitted, [["a"]]);
  });

  it("are not compared without a session", async (t) => {
    const { sessions, pass, compared } = harness(t);
    sessions.next(false);
    await pass(compareMs);
    assert.equal(compared(), 0);
    sessions.next(true);
    await pass(compareMs);
    assert.equal(compared(), 1);
  });
});
