import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Observable, Subject } from "rxjs";
import { connectionSpec } from "../../../lab/sites/manifests.ts";
import type { Snapshot } from "../../model/api/resource.ts";
import type { DesiredState } from "./desired-state.ts";
import { desiredStates } from "./desired-states.ts";

const source = "site.yaml";
const document = connectionSpec("site");
const snapshot: Snapshot = {
  resources: [{ kind: "IPSecConnection", key: "site", source, document }],
  problems: [],
};
/** A snapshot that breaks the parser: its resources throw when they are read. */
const defective = {
  problems: [],
  get resources(): never {
    throw new Error("a planted defect");
  },
};

function harness() {
  let subscriptions = 0;
  let snapshots = new Subject<Snapshot>();
  const reported: string[] = [];
  const states = desiredStates(
    new Observable((subscriber) => {
      subscriptions++;
      snapshots = new Subject();
      return snapshots.subscribe(subscriber);
    }),
    { report: (error) => reported.push(String(error)) },
  );
  const observe = () => {
    const seen: DesiredState[] = [];
    const subscription = states.subscribe((state) => seen.push(state));
    return { seen, subscription };
  };
  return {
    observe,
    reported,
    emit: (value: Snapshot) => snapshots.next(value),
    fail: () => snapshots.error(new Error("the folder is gone")),
    count: () => subscriptions,
  };
}

describe("desired states", () => {
  it("are shared, and a new subscriber receives the current one", () => {
    const { observe, emit, count } = harness();
    const first = observe();
    emit(snapshot);
    const second = observe();
    assert.equal(count(), 1);
    assert.deepEqual([...(first.seen[0]?.connections.keys() ?? [])], ["site"]);
    assert.equal(second.seen[0], first.seen[0]);
  });

  it("have the same connection while its manifest does not change", () => {
    const { observe, emit } = harness();
    const { seen } = observe();
    emit(snapshot);
    emit({ ...snapshot });
    assert.equal(seen.length, 2);
    assert.equal(seen[1]?.connections.get("site"), seen[0]?.connections.get("site"));
  });

  it("are not changed by a snapshot that breaks the parser", () => {
    const { observe, emit, reported } = harness();
    const { seen } = observe();
    emit(defective);
    assert.deepEqual(seen, [], "no state that would remove everything");
    emit(snapshot);
    emit(defective);
    assert.equal(seen.length, 1);
    assert.deepEqual(reported, ["Error: a planted defect", "Error: a planted defect"]);
  });

  it("keep the last one while the source fails, and subscribe to it again", (t) => {
    t.mock.timers.enable({ apis: ["setInterval", "Date"] });
    const { observe, emit, fail, count, reported } = harness();
    const { seen } = observe();
    emit(snapshot);
    fail();
    assert.deepEqual(reported, ["Error: the folder is gone"]);
    t.mock.timers.tick(60_000);
    assert.equal(count(), 2);
    emit({ ...snapshot, problems: [{ source, path: "", message: "cannot be read" }] });
    assert.equal(seen[1]?.connections.get("site"), seen[0]?.connections.get("site"));
  });

  it("unsubscribe from the source after the last subscriber", () => {
    const { observe, emit, count } = harness();
    const first = observe();
    const second = observe();
    emit(snapshot);
    first.subscription.unsubscribe();
    second.subscription.unsubscribe();
    observe();
    assert.equal(count(), 2);
  });
});
