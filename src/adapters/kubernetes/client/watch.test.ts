import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { describe, it, type TestContext } from "node:test";
import type { KubeObject } from "../../../model/kubernetes/kube-object.ts";
import type { KubeClient } from "./kube-client.ts";
import { KubeError } from "./kube-error.ts";
import { resourceTypes } from "./resource-type.ts";
import type { ResourceEvent } from "./watch-state.ts";
import { watchResources, type Wanted } from "./watch.ts";

const type = resourceTypes.Secret;
const namespace = "default";

type Line = readonly [what: string, name: string, version: number];

/** One answer of the server to a list, a get or a watch. */
type Answer =
  | { readonly list: readonly Line[]; readonly at: number }
  | { readonly get: Line | "absent" }
  /** The lines are sent in turn; then the watch ends, or stays open. */
  | { readonly watch: readonly (Line | KubeError | string)[]; readonly open?: true }
  | { readonly fails: KubeError };

const object = (name: string, version: number) =>
  ({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace, resourceVersion: String(version) },
  }) as KubeObject;

const gone = new KubeError("watch", "expired", 410, "too old resource version");
const away = new KubeError("watch", "unavailable", 0, "connection refused");
const absent = new KubeError("get", "not-found", 404, "not found");

/** A server that answers every request by the script, and records the requests. */
class Script {
  readonly asked: string[] = [];
  /** The signals of the watches that were opened; each ends an answer that is not read. */
  readonly signals: AbortSignal[] = [];
  readonly #answers: Answer[];

  constructor(answers: readonly Answer[]) {
    this.#answers = [...answers];
  }

  get client(): KubeClient {
    const client = {
      list: async (
        _type: unknown,
        _place: unknown,
        _selector: unknown,
        each: (o: KubeObject) => void,
      ) => {
        const answer = this.#next("list");
        if (!("list" in answer))
          throw new Error(`a list was requested, but the script has ${Object.keys(answer).join()}`);
        for (const [, name, version] of answer.list) each(object(name, version));
        return String(answer.at);
      },
      get: async () => {
        const answer = this.#next("get");
        if (!("get" in answer)) throw new Error("an unexpected get");
        if (answer.get === "absent") throw absent;
        return object(answer.get[1], answer.get[2]);
      },
      openWatch: async (
        _type: unknown,
        _place: unknown,
        _selector: unknown,
        since: Record<string, string>,
        signal: AbortSignal,
      ) => {
        this.signals.push(signal);
        const marks = since["allowWatchBookmarks"] === "true" ? "" : " without bookmarks";
        const answer = this.#next(`watch from ${since["resourceVersion"]}${marks}`);
        if (!("watch" in answer)) throw new Error("an unexpected watch");
        return this.#body(answer.watch, answer.open === true, signal);
      },
    };
    return client as unknown as KubeClient;
  }

  #next(what: string): Exclude<Answer, { fails: unknown }> {
    this.asked.push(what);
    const answer = this.#answers.shift();
    // A request after the end of the script is never answered.
    if (answer === undefined) return { watch: [], open: true };
    if ("fails" in answer) throw answer.fails;
    return answer;
  }

  async *#body(lines: readonly (Line | KubeError | string)[], open: boolean, signal: AbortSignal) {
    for (const line of lines) {
      yield Buffer.from(`${typeof line === "string" ? line : JSON.stringify(eventOf(line))}\n`);
    }
    if (open)
      await new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason as Error)),
      );
  }
}

function eventOf(line: Line | KubeError): object {
  if (!(line instanceof KubeError)) return { type: line[0], object: object(line[1], line[2]) };
  const { status: code, message } = line;
  return { type: "ERROR", object: { code, reason: "Expired", message } };
}

/** Plays a script for this many milliseconds of a mocked clock. */
async function play(t: TestContext, wanted: Partial<Wanted>, answers: readonly Answer[], ms = 0) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const script = new Script(answers);
  const events: string[] = [];
  const troubles: string[] = [];
  const onTrouble = ({ code }: KubeError) => troubles.push(code);
  const subscription = watchResources(
    script.client,
    { type, namespace, ...wanted },
    { onTrouble },
  ).subscribe((event) => events.push(wordsOf(event)));
  for (let passed = 0; ; passed += 100) {
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    if (passed >= ms) break;
    t.mock.timers.tick(100);
  }
  const earlier = script.signals.slice(0, -1);
  assert.ok(
    earlier.every(({ aborted }) => aborted),
    "a watch that ended is left open",
  );
  subscription.unsubscribe();
  return { asked: script.asked, events, troubles };
}

function wordsOf(event: ResourceEvent<KubeObject>): string {
  if (event.type === "init") return "init";
  if ("resourceVersion" in event) return `${event.type} ${event.resourceVersion}`;
  const { name, resourceVersion } = event.object.metadata;
  return `${event.type} ${name} ${resourceVersion}`;
}

describe("a watched collection", () => {
  it("is listed, watched from the listed version, and resumed after a watch ends", async (t) => {
    const { asked, events } = await play(
      t,
      {},
      [
        {
          list: [
            ["", "a", 3],
            ["", "b", 2],
          ],
          at: 5,
        },
        {
          watch: [
            ["MODIFIED", "a", 6],
            ["DELETED", "b", 7],
            ["BOOKMARK", "", 9],
          ],
        },
        { watch: [["ADDED", "c", 10]], open: true },
      ],
      1_000,
    );
    assert.deepEqual(asked, ["list", "watch from 5", "watch from 9"]);
    const listed = "init, apply a 3, apply b 2, initDone 5";
    assert.equal(events.join(", "), `${listed}, apply a 6, delete b 7, progress 9, apply c 10`);
  });

  it("is listed again at once if its version expired", async (t) => {
    for (const answer of [{ watch: [gone] }, { fails: gone }]) {
      const { asked, events, troubles } = await play(t, {}, [
        { list: [["", "a", 3]], at: 5 },
        answer,
        { list: [["", "b", 8]], at: 9 },
        { watch: [], open: true },
      ]);
      t.mock.timers.reset();
      assert.deepEqual(asked, ["list", "watch from 5", "list", "watch from 9"]);
      assert.deepEqual(events.slice(3), ["init", "apply b 8", "initDone 9"]);
      assert.deepEqual(troubles, ["expired"]);
    }
  });

  it("emits nothing before a list succeeds, which is tried with growing waits", async (t) => {
    const failures = Array.from({ length: 40 }, (): Answer => ({ fails: away }));
    const { asked, events } = await play(t, {}, failures, 60_000);
    assert.deepEqual(events, []);
    assert.ok(asked.length > 6 && asked.length < 16, `${asked.length} times in a minute`);
  });

  it("is listed after a backoff if its version expires again and again", async (t) => {
    const forgets = (): Answer[] => [{ list: [], at: 5 }, { watch: [gone] }];
    const { asked } = await play(t, {}, Array.from({ length: 100 }, forgets).flat(), 30_000);
    assert.ok(asked.length < 30, `${asked.length} requests in half a minute`);
  });

  it("is watched again if the watch is silent for too long", async (t) => {
    const { asked, troubles } = await play(
      t,
      {},
      [
        { list: [], at: 5 },
        { watch: [["BOOKMARK", "", 6]], open: true },
        { watch: [["BOOKMARK", "", 7]], open: true },
      ],
      320_000,
    );
    assert.deepEqual(asked.slice(0, 3), ["list", "watch from 5", "watch from 6"]);
    assert.equal(troubles[0], "unavailable");
  });
});

describe("a watch", () => {
  const list: Answer = { list: [["", "a", 3]], at: 5 };

  for (const [kind, line] of [
    ["HTML", "<html>maintenance</html>"],
    ["truncated JSON", '{"type":"ADDED","object":{"metadata":{"name":"s3cret'],
    ["an object without metadata", '{"type":"ADDED","object":{}}'],
    ["an unknown event", '{"type":"OTHER","object":{"metadata":{"name":"b"}}}'],
    ["longer than any object", "x".repeat(17 * 2 ** 20)],
  ] as const) {
    it(`fails as unavailable at a line that is ${kind}, and is resumed after a backoff`, async (t) => {
      const answers: Answer[] = [list, { watch: [line] }, { watch: [["ADDED", "c", 6]] }];
      const { asked, events, troubles } = await play(t, {}, answers, 1_000);
      assert.deepEqual(asked.slice(0, 3), ["list", "watch from 5", "watch from 5"]);
      assert.equal(events.at(-1), "apply c 6");
      assert.deepEqual(troubles, ["unavailable"]);
    });
  }

  it("leaves no listener on the signal that ends the collection", async (t) => {
    const signals: AbortSignal[] = [];
    t.mock.method(
      globalThis,
      "AbortController",
      class extends AbortController {
        constructor() {
          super();
          signals.push(this.signal);
        }
      },
    );
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const watches: Answer[] = Array.from({ length: 20 }, () => ({ watch: [["ADDED", "c", 6]] }));
    const script = new Script([list, ...watches]);
    const subscription = watchResources(script.client, { type, namespace }).subscribe();
    while (script.asked.length < 20) {
      t.mock.timers.tick(1_000);
      await new Promise(setImmediate);
    }
    const [whole] = signals as [AbortSignal];
    assert.ok(getEventListeners(whole, "abort").length <= 1);
    subscription.unsubscribe();
  });
});

describe("a single watched object", () => {
  const name = "one";

  it("is read and watched from there", async (t) => {
    const { asked, events } = await play(t, { name }, [
      { get: ["", name, 3] },
      { watch: [["MODIFIED", name, 4]], open: true },
    ]);
    assert.deepEqual(asked, ["get", "watch from 3"]);
    assert.deepEqual(events, ["init", "apply one 3", "initDone 3", "apply one 4"]);
  });

  it("may be created later", async (t) => {
    const { asked, events } = await play(t, { name }, [
      { get: "absent" },
      { watch: [["ADDED", name, 4]], open: true },
    ]);
    assert.deepEqual(asked, ["get", "watch from 0 without bookmarks"]);
    assert.deepEqual(events, ["init", "initDone 0", "apply one 4"]);
  });

  it("is watched from now on if its version expired, and read once", async (t) => {
    const { asked, events, troubles } = await play(
      t,
      { name },
      [
        { get: ["", name, 3] },
        { watch: [gone] },
        {
          watch: [
            ["ADDED", name, 3],
            ["MODIFIED", name, 40],
            ["BOOKMARK", name, 50],
          ],
        },
        { get: ["", name, 3] },
        { watch: [], open: true },
      ],
      1_000,
    );
    assert.deepEqual(troubles, ["expired"]);
    const now = "watch from 0 without bookmarks";
    assert.deepEqual(asked, ["get", "watch from 3", now, "get", "watch from 50"]);
    const read = ["init", "apply one 3", "initDone 3"];
    assert.deepEqual(events, [...read, ...read, "apply one 40", "progress 50"]);
  });

  it("is known to be deleted if it was deleted while its version expired", async (t) => {
    const { events } = await play(t, { name }, [
      { get: ["", name, 3] },
      { watch: [gone] },
      { watch: [], open: true },
      { get: "absent" },
    ]);
    assert.deepEqual(events, ["init", "apply one 3", "initDone 3", "init", "initDone 0"]);
  });

  it("is watched from now on each time while it does not change", async (t) => {
    const quiet: Answer[] = [{ watch: [["ADDED", name, 3]] }, { get: ["", name, 3] }];
    const { asked } = await play(
      t,
      { name },
      [{ get: ["", name, 3] }, { watch: [gone] }, ...quiet, ...quiet],
      3_000,
    );
    const now = ["watch from 0 without bookmarks", "get"];
    assert.deepEqual(asked.slice(0, 6), ["get", "watch from 3", ...now, ...now]);
  });
});
