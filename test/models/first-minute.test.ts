import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { failure, Reason } from "../../src/model/status/failure.ts";
import { childSa, childSpec, connectionOf, ikeSa, settled } from "./fixtures.ts";
import { startedChild } from "./child-harness.ts";

const networks = ["10.1.2.0/24", "10.7.0.0/24"];

/** A peer's answer to a child that initiates. */
interface Answer {
  readonly kind: "refuses" | "keeps silent" | "is busy" | "closes" | "narrows and closes";
  /** The time until the peer refuses, or closes what it accepted; milliseconds. */
  readonly afterMs: number;
}

/** How a child with such a peer fared. */
interface Course {
  /** The times at which the child initiated, in milliseconds. */
  readonly times: readonly number[];
  /** The times at which it had neither an SA nor a reason, nor its first attempt. */
  readonly unexplained: readonly number[];
}

const minutes = 4;
/** The child and its peer act at these intervals, in the first minute and later; milliseconds. */
const steps = { first: 50, later: 500 } as const;

/** Runs a child for some minutes. */
async function courseOf(answerTo: (count: number) => Answer): Promise<Course> {
  const [child] = connectionOf({
    children: { "child-2": childSpec(2, { remote_ips: networks }) },
  }).children;
  const { calls, clock, root, actor } = startedChild(child);
  const times: number[] = [];
  const unexplained: number[] = [];
  let answer: Answer | undefined;
  let dueAt = 0;
  for (let now = 0; now < minutes * 60_000;) {
    await settled();
    if (calls.count("initiate") > times.length) {
      times.push(now);
      answer = answerTo(times.length);
      dueAt = now + answer.afterMs;
    }
    const isDue = now >= dueAt;
    if (isDue && answer !== undefined && !answer.kind.includes("closes"))
      actor.send({ type: "peer.notified", failure: failureOf(answer.kind) });
    if (isDue && answer?.afterMs === 0 && answer.kind.includes("closes"))
      actor.send({ type: "sas.listed", ikeSas: sasDuring(answer, times.length) });
    actor.send({
      type: "sas.listed",
      ikeSas: isDue ? [ikeSa({ children: [] })] : sasDuring(answer, times.length),
    });
    if (isDue) answer = undefined;
    await settled();
    const { value, context } = actor.getSnapshot();
    if (typeof value === "object" && "failed" in value && context.failure === undefined)
      unexplained.push(now);
    const step = now < 60_000 ? steps.first : steps.later;
    clock.increment(step);
    now += step;
  }
  root.stop();
  return { times, unexplained };
}

function failureOf(kind: Answer["kind"]) {
  if (kind === "keeps silent") return failure(Reason.PeerUnreachable, "silent");
  if (kind === "is busy") return failure(Reason.PeerBusy, "busy");
  return failure(Reason.ProtocolError, "no");
}

/** The list until the peer refuses or closes. */
function sasDuring(answer: Answer | undefined, count: number) {
  if (answer === undefined) return [];
  if (!answer.kind.includes("closes")) return [ikeSa({ state: "CONNECTING", children: [] })];
  const remoteSelectors = answer.kind === "closes" ? networks : networks.slice(0, 1);
  return [ikeSa({ children: [childSa({ uniqueId: String(count), remoteSelectors })] })];
}

/** The number of initiations in each minute. */
function perMinute({ times }: Course): number[] {
  return Array.from({ length: minutes }, (_, i) => {
    return times.filter((ms) => ms >= i * 60_000 && ms < (i + 1) * 60_000).length;
  });
}

function assertPaced(course: Course): void {
  let total = 0;
  for (const [minute, count] of perMinute(course).entries()) {
    total += count;
    assert.ok(total <= 10 + minute, `at ${course.times.join(", ")} ms`);
  }
  assert.deepEqual(course.unexplained, []);
}

const kinds = ["refuses", "keeps silent", "is busy", "closes", "narrows and closes"] as const;
const at = (kind: Answer["kind"], afterMs = 0): Answer => ({ kind, afterMs });

describe("whatever the peer answers, a child", () => {
  const peers: readonly (readonly [title: string, (count: number) => Answer])[] = [
    ["closes each SA", () => at("closes")],
    ["narrows and closes each SA", () => at("narrows and closes")],
    ["refuses each SA", () => at("refuses")],
    ["does not answer, and charon gives up after 4 s", () => at("keeps silent", 4_000)],
    ["closes four SAs, then refuses", (count) => at(count <= 4 ? "closes" : "refuses")],
    ["refuses four SAs, then closes", (count) => at(count <= 4 ? "refuses" : "closes")],
    ["refuses and closes in turn", (count) => at(count % 2 === 0 ? "refuses" : "closes")],
    ["closes each SA after 61 s", () => at("closes", 61_000)],
  ];
  for (const [title, answer] of peers) {
    it(`initiates 10 SAs in the first minute and one in each other at most if the peer ${title}`, async (t) => {
      // The shortest pauses.
      t.mock.method(Math, "random", () => 0);
      const course = await courseOf(answer);
      const [, ...later] = perMinute(course);
      assertPaced(course);
      assert.ok(
        later.every((count) => count <= 1),
        course.times.join(", "),
      );
    });
  }

  it("initiates 10 SAs in the first minute and one in each other at most if the peer answers at random", async (t) => {
    t.mock.method(Math, "random", () => 0);
    const answers = fc.array(
      fc.record({
        kind: fc.constantFrom(...kinds),
        afterMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 90_000 })),
      }),
      { minLength: 1, maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(answers, async (given) => {
        assertPaced(await courseOf((count) => given[(count - 1) % given.length] as Answer));
      }),
      {
        numRuns: 60,
        examples: [[[at("refuses"), at("refuses"), at("closes", 59_501), at("refuses")]]],
      },
    );
  });
});
