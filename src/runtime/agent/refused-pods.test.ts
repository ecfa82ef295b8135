import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Subject } from "rxjs";
import type { ObjectEvent } from "../../adapters/kubernetes/events.ts";
import type { Pod } from "../../model/kubernetes/worker-pod.ts";
import { RefusedPods } from "./refused-pods.ts";

function reporting() {
  const events: ObjectEvent[] = [];
  const lines: string[] = [];
  const refused = new RefusedPods({
    events: { record: (event) => void events.push(event) },
    onRefusal: (pod, why) => void lines.push(`${pod}: ${why}`),
  });
  return { refused, events, lines };
}

const pod = (name: string): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  status: {},
  metadata: { name, namespace: "tenant", uid: `uid-${name}` },
});

describe("a pod that is refused", () => {
  it("is reported once for each reason, by a line and an event of its own", () => {
    const { refused, events, lines } = reporting();
    for (let pass = 0; pass < 3; pass++) refused.report([{ pod: pod("a"), why: "first" }]);
    assert.deepEqual(lines, ["tenant/a: first"]);
    const [event] = events;
    assert.equal(event?.regarding.metadata.uid, "uid-a");
    const { type, reason, action, note } = event as ObjectEvent;
    assert.deepEqual(
      [type, reason, action, note],
      ["Warning", "NotAttached", "Attaching", "not attached: first"],
    );
    refused.report([{ pod: pod("a"), why: "second" }]);
    assert.deepEqual(lines, ["tenant/a: first", "tenant/a: second"]);
    assert.equal(events.length, 2);
  });

  it("is reported once for each of its attachments that are refused", () => {
    const { refused, lines } = reporting();
    const both = ["first", "second"].map((why) => ({ pod: pod("a"), why }));
    for (let pass = 0; pass < 3; pass++) refused.report(both);
    assert.deepEqual(lines, ["tenant/a: first", "tenant/a: second"]);
  });

  it("is reported again if it was attached or deleted in between", () => {
    const { refused, lines } = reporting();
    for (const list of [[{ pod: pod("a"), why: "x" }], [], [{ pod: pod("a"), why: "x" }]])
      refused.report(list);
    assert.equal(lines.length, 2);
  });

  it("is left to the agent that leads, and reported once by the next one that does", (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const leads = new Set(["own"]);
    const changes = new Subject<void>();
    const { refused, lines } = reporting();
    const subscription = refused.leaveTo((connection) => leads.has(connection), changes);
    refused.report([
      { pod: pod("a"), connection: "own", why: "x" },
      { pod: pod("b"), connection: "shared", why: "x" },
    ]);
    const change = () => {
      changes.next();
      t.mock.timers.tick(1_000);
    };
    change();
    assert.deepEqual(lines, ["tenant/a: x"]);
    leads.add("shared");
    for (let pass = 0; pass < 3; pass++) change();
    assert.deepEqual(lines, ["tenant/a: x", "tenant/b: x"]);
    subscription.unsubscribe();
  });

  it("counts towards a limit of reports per minute", () => {
    const { refused, events, lines } = reporting();
    const many = Array.from({ length: 1_000 }, (_, i) => ({ pod: pod(`p-${i}`), why: "x" }));
    for (let pass = 0; pass < 3; pass++) refused.report(many);
    assert.equal(events.length, 60);
    assert.equal(lines.length, 60);
  });
});
