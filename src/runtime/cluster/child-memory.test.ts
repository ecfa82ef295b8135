import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { knownChildrenCodec } from "../../adapters/host/known-child.ts";
import { StateFile } from "../../adapters/host/state-file.ts";
import type { Connection } from "../../model/connection.ts";
import { ChildMemory } from "./child-memory.ts";

const connection = (id: string, ...children: [key: string, ifId: number][]) =>
  ({ id, children: children.map(([key, ifId]) => ({ key, ifId })) }) as unknown as Connection;

describe("the memory of children", () => {
  const folder = mkdtempSync(join(tmpdir(), "ipman-memory-"));
  process.once("exit", () => rmSync(folder, { recursive: true }));
  const path = join(folder, "group", "children.json");
  const troubles: unknown[] = [];
  const open = () =>
    new ChildMemory(new StateFile(path, knownChildrenCodec), (error) => troubles.push(error));

  it("outlives the process", () => {
    open().note([connection("a", ["one", 1], ["two", 2])]);
    open().note([connection("a", ["one", 11])]);
    const others = open().takeOthers(({ child }) => child === "two");
    assert.deepEqual(
      others.map(({ ifId }) => ifId),
      [1, 11],
    );
    assert.deepEqual(
      open()
        .takeOthers(() => false)
        .map(({ ifId }) => ifId),
      [2],
    );
    assert.deepEqual(
      open().takeOthers(() => false),
      [],
    );
    assert.deepEqual(troubles, []);
  });

  it("tells of a file that it cannot read, and starts over", () => {
    for (const text of ["{", '[{"connection":"a"}]', "[null]"]) {
      writeFileSync(path, text);
      troubles.length = 0;
      const memory = open();
      assert.match(String(troubles[0]), /children\.json cannot be read/);
      memory.note([connection("b", ["one", 3])]);
      assert.equal(open().takeOthers(() => true).length, 0);
      assert.equal(open().takeOthers(() => false).length, 1, "what is noted afterwards is kept");
    }
  });
});
