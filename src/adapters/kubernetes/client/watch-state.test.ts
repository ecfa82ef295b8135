import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { KubeObject } from "../../../model/kubernetes/kube-object.ts";
import { eventIn } from "./api-answer.ts";
import { KubeError } from "./kube-error.ts";
import { initialState, next, type WatchInput, type WatchState } from "./watch-state.ts";

/** A line of a watch, a failure, or another input. */
type Input = string | KubeError | WatchInput<KubeObject>;

const object = (name: string, resourceVersion?: string) => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name, ...(resourceVersion !== undefined && { resourceVersion }) },
});

/** A list at a version, with objects `name@version`. */
const listed = (version: string, ...objects: string[]): Input => ({
  type: "listed",
  version,
  objects: objects.map((text) => {
    const [name = "", at] = text.split("@");
    return object(name, at);
  }),
});
const line = (type: string, name: string, version?: string) =>
  JSON.stringify({ type, object: object(name, version) });
const endedAfter = (afterMs: number): Input => ({ type: "ended", afterMs });

const away = new KubeError("watch", "unavailable", 0, "connection refused");
const gone = new KubeError("watch", "expired", 410, "too old resource version");
const errorEvent = (code: number, reason: string) =>
  JSON.stringify({ type: "ERROR", object: { kind: "Status", code, reason, message: "why" } });

/** Parses a line like the loop: a line that is not an event is a failure. */
function inputOf(input: Input): WatchInput<KubeObject> {
  if (input instanceof KubeError) return { type: "failed", error: input };
  if (typeof input !== "string") return input;
  try {
    return { type: "event", event: eventIn("watch", input) };
  } catch (error) {
    return { type: "failed", error: error as KubeError };
  }
}

function textOf(state: WatchState): string {
  const { type, failures, bookmarks } = state;
  return [
    type,
    ...("version" in state ? [state.version] : []),
    ...(failures > 0 ? [`after ${failures} failures`] : []),
    ...(bookmarks ? ["with bookmarks"] : []),
  ].join(" ");
}

/** Feeds inputs to the initial state; returns the emitted events and the last state, as text. */
function play(single: boolean, inputs: readonly Input[]): { emits: string; state: string } {
  let state = initialState(single);
  const emits: string[] = [];
  for (const input of inputs) {
    const step = next(state, inputOf(input));
    state = step.state;
    for (const event of step.events) {
      if (event.type === "init") emits.push("init");
      else if ("resourceVersion" in event) emits.push(`${event.type} ${event.resourceVersion}`);
      else emits.push(`${event.type} ${event.object.metadata.name}`);
    }
  }
  return { emits: emits.join(", "), state: textOf(state) };
}

interface Row {
  readonly title: string;
  readonly inputs: readonly Input[];
  readonly emits: string;
  readonly state: string;
}

const list = listed("5", "a@3", "b@2");
const ofList = "init, apply a, apply b, initDone 5";

const collection: readonly Row[] = [
  { title: "begins with a list", inputs: [], emits: "", state: "listing" },
  { title: "is watched from its list", inputs: [list], emits: ofList, state: "watching 5" },
  {
    title: "emits nothing of a list that fails after some pages",
    inputs: [away, away],
    emits: "",
    state: "listing after 2 failures",
  },
  {
    title: "is listed from the first page if the version expires between pages",
    inputs: [gone, list],
    emits: ofList,
    state: "watching 5",
  },
  {
    title: "applies changes and bookmarks",
    inputs: [
      list,
      line("MODIFIED", "a", "6"),
      line("DELETED", "b", "7"),
      line("BOOKMARK", "", "9"),
      line("ADDED", "c", "10"),
    ],
    emits: `${ofList}, apply a, delete b, progress 9, apply c`,
    state: "watching 10 with bookmarks",
  },
  {
    title: "resumes from the last version after a disconnect",
    inputs: [list, line("ADDED", "c", "6"), away, away],
    emits: `${ofList}, apply c`,
    state: "watching 6 after 2 failures",
  },
  {
    title: "resets the count of failures at the next event",
    inputs: [list, away, away, line("ADDED", "c", "6")],
    emits: `${ofList}, apply c`,
    state: "watching 6",
  },
  {
    title: "resumes without a failure if the server ends the watch in time",
    inputs: [list, endedAfter(240_000)],
    emits: ofList,
    state: "watching 5",
  },
  {
    title: "counts a watch that ends at once as a failure",
    inputs: [list, endedAfter(999), endedAfter(10)],
    emits: ofList,
    state: "watching 5 after 2 failures",
  },
  {
    title: "is listed at once if the server answers 410 Gone",
    inputs: [list, gone],
    emits: ofList,
    state: "listing",
  },
  {
    title: "is listed at once if the watch reports that the version expired",
    inputs: [list, line("BOOKMARK", "", "6"), errorEvent(410, "Expired")],
    emits: `${ofList}, progress 6`,
    state: "listing with bookmarks",
  },
  {
    title: "is listed after a backoff if a version expires again without an event in between",
    inputs: [list, gone, list, gone, list, gone],
    emits: `${ofList}, ${ofList}, ${ofList}`,
    state: "listing after 2 failures",
  },
  {
    title: "is listed at once if a version expires after an event",
    inputs: [list, gone, list, line("ADDED", "c", "6"), gone],
    emits: `${ofList}, ${ofList}, apply c`,
    state: "listing",
  },
  {
    title: "leaves out objects that were deleted while the watch was away",
    inputs: [list, gone, listed("9", "b@2")],
    emits: `${ofList}, init, apply b, initDone 9`,
    state: "watching 9",
  },
  {
    title: "resumes after another error that the watch reports",
    inputs: [list, errorEvent(429, "TooManyRequests"), errorEvent(500, "InternalError")],
    emits: ofList,
    state: "watching 5 after 2 failures",
  },
  ...[
    "<html>maintenance</html>",
    '{"type":"ADDED","object":{"metadata":{"name":"cut',
    '{"type":"ADDED","object":{}}',
    '{"type":"ADDED","object":"a"}',
    '{"type":"OTHER","object":{"metadata":{"name":"c"}}}',
    "null",
  ].map((malformed) => ({
    title: `resumes after the malformed line ${malformed}`,
    inputs: [list, malformed],
    emits: ofList,
    state: "watching 5 after 1 failures",
  })),
  {
    title: "keeps the last version at an object without one",
    inputs: [list, line("ADDED", "c"), line("BOOKMARK", "")],
    emits: `${ofList}, apply c, progress 5`,
    state: "watching 5 with bookmarks",
  },
  {
    title: "ignores an event before it is listed, and a list while it is watched",
    inputs: [line("ADDED", "c", "6"), list, listed("9")],
    emits: ofList,
    state: "watching 5",
  },
];

const one = listed("3", "one@3");
const ofOne = "init, apply one, initDone 3";

const single: readonly Row[] = [
  {
    title: "is watched from now on while it does not exist",
    inputs: [listed("0"), line("ADDED", "one", "4")],
    emits: "init, initDone 0, apply one",
    state: "watching 4",
  },
  {
    title: "is read again after a watch began if its version expired",
    inputs: [one, gone],
    emits: ofOne,
    state: "rereading 3",
  },
  {
    title: "is read again after a watch began if that watch fails",
    inputs: [one, gone, away],
    emits: ofOne,
    state: "rereading 3 after 1 failures",
  },
  {
    title: "skips events up to the version that was read",
    inputs: [
      one,
      gone,
      one,
      line("ADDED", "one", "3"),
      line("BOOKMARK", "one", "2"),
      line("MODIFIED", "one", "40"),
      line("MODIFIED", "one", "39"),
    ],
    emits: `${ofOne}, ${ofOne}, apply one`,
    state: "catchingUp 40",
  },
  {
    title: "emits an event whose version is not a number",
    inputs: [one, gone, one, line("MODIFIED", "one", "x")],
    emits: `${ofOne}, ${ofOne}, apply one`,
    state: "catchingUp x",
  },
  {
    title: "is resumed from the version that it caught up to",
    inputs: [one, gone, one, line("MODIFIED", "one", "40"), endedAfter(60_000)],
    emits: `${ofOne}, ${ofOne}, apply one`,
    state: "watching 40",
  },
  {
    title: "is read again each time while it does not change",
    inputs: [one, gone, one, endedAfter(60_000)],
    emits: `${ofOne}, ${ofOne}`,
    state: "rereading 3",
  },
  {
    title: "is read again if its version expires while it catches up",
    inputs: [one, gone, one, line("MODIFIED", "one", "40"), gone],
    emits: `${ofOne}, ${ofOne}, apply one`,
    state: "rereading 40",
  },
  {
    title: "is known to be deleted if it is absent when it is read again",
    inputs: [one, gone, listed("0"), endedAfter(60_000)],
    emits: `${ofOne}, init, initDone 0`,
    state: "watching 0",
  },
  {
    title: "is read first if its first read fails",
    inputs: [gone, away],
    emits: "",
    state: "listing after 1 failures",
  },
];

describe("the state of a watched collection", () => {
  for (const { title, inputs, emits, state } of collection)
    it(title, () => assert.deepEqual(play(false, inputs), { emits, state }));
});

describe("the state of a single watched object", () => {
  for (const { title, inputs, emits, state } of single)
    it(title, () => assert.deepEqual(play(true, inputs), { emits, state }));
});
