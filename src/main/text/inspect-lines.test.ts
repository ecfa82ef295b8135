import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ShownSnapshot, InspectorMessage } from "../../runtime/inspector/wire.ts";
import { InspectLines, type InspectLinesOptions } from "./inspect-lines.ts";

const snapshot = (value: unknown, more: Partial<ShownSnapshot> = {}): ShownSnapshot => ({
  status: "active",
  value,
  publicState: undefined,
  context: {},
  children: {},
  ...more,
});

const about = (sessionId: string) => ({
  _version: "0.7.2",
  id: "",
  createdAt: "3723004",
  sessionId,
  rootId: "r",
});

const actor = (
  sessionId: string,
  title: string,
  value: unknown,
  parentId?: string,
): InspectorMessage => ({
  ...about(sessionId),
  type: "@xstate.actor",
  name: title,
  title,
  label: title,
  parentId,
  machine: "child",
  definition: "{}",
  snapshot: value === null ? null : snapshot(value),
});

const dealt = (sessionId: string, type: string, shown: ShownSnapshot): InspectorMessage => ({
  ...about(sessionId),
  type: "@xstate.snapshot",
  event: { type },
  snapshot: shown,
});

const tree = [
  actor("1", "charon", { connected: { ready: "idle" } }),
  actor("2", "partner", "established"),
  actor("3", "partner/lan", "established", "2"),
  actor("4", "partner/lan gateway", "ready", "2"),
  actor("5", "other", "established"),
];

function linesOf(
  events: readonly InspectorMessage[],
  options: Partial<InspectLinesOptions> = {},
): string[] {
  const lines = new InspectLines({
    connection: undefined,
    output: "text",
    everyEvent: false,
    ...options,
  });
  return events.flatMap((event) => lines.of(event)).map((line) => line.replace(/ {2,}/g, "  "));
}

describe("the output of ipman inspect", () => {
  it("has each actor with its place in the tree, then each change of a state with its cause", () => {
    const failure = { reason: "PeerUnreachable", message: "the peer does not answer" };
    const failed = { publicState: "failed", context: { failure } } as const;
    const events = [
      ...tree,
      dealt("3", "sas.listed", snapshot({ negotiating: "waiting" })),
      dealt("3", "sas.listed", snapshot({ negotiating: "waiting" })),
      dealt("3", "xstate.after", snapshot({ failed: "waiting" }, failed)),
      dealt("3", "xstate.after", snapshot({ negotiating: "waiting" }, { context: { failure } })),
      dealt("3", "sas.listed", snapshot({ failed: "waiting" }, failed)),
      dealt("1", "sas.wanted", snapshot({ connected: { ready: "listing" } })),
    ];
    assert.deepEqual(linesOf(events), [
      "01:02:03.004  charon  ready",
      "01:02:03.004  partner  established",
      "01:02:03.004  partner/lan  established",
      "01:02:03.004  partner/lan gateway  ready",
      "01:02:03.004  other  established",
      "01:02:03.004  partner/lan  established → negotiating.waiting  (sas.listed)",
      "01:02:03.004  partner/lan  negotiating.waiting → failed.waiting  (xstate.after): the peer does not answer",
      "01:02:03.004  partner/lan  failed.waiting → negotiating.waiting  (xstate.after)",
      "01:02:03.004  partner/lan  negotiating.waiting → failed.waiting  (sas.listed): the peer does not answer",
    ]);
  });

  it("is limited to a named connection, and charon", () => {
    const titles = linesOf(tree, { connection: "partner" }).map((line) => line.split("  ")[1]);
    assert.deepEqual(titles, ["charon", "partner", "partner/lan", "partner/lan gateway"]);
  });

  it("has events that change no state on request", () => {
    const events = [...tree, dealt("3", "sas.listed", snapshot("established"))];
    assert.equal(linesOf(events).length, 5);
    assert.deepEqual(linesOf(events, { everyEvent: true }).slice(5), [
      "01:02:03.004  partner/lan  established  (sas.listed)",
    ]);
  });

  it("reports a new actor once it has started", () => {
    const events = [
      actor("6", "new", null),
      dealt("6", "xstate.init", snapshot("pending")),
      dealt("6", "delete", snapshot("gone", { status: "done" })),
    ];
    assert.deepEqual(linesOf(events), [
      "01:02:03.004  new  pending  (xstate.init)",
      "01:02:03.004  new  pending → gone  (delete)",
    ]);
  });

  it("has every event as it was received, as JSON", () => {
    const lines = linesOf(tree, { output: "json" });
    assert.deepEqual(
      lines.map((line) => JSON.parse(line) as unknown),
      JSON.parse(JSON.stringify(tree)),
    );
  });

  it("has every event as a YAML document", () => {
    const [first = ""] = linesOf(tree, { output: "yaml" });
    assert.match(first, /^---\n_version: 0\.7\.2\n/);
    assert.match(first, /\ntype: "@xstate\.actor"\n/);
  });
});
