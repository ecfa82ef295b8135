import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { knownChildrenCodec, type KnownChild } from "../../adapters/host/known-child.ts";
import { StateFile } from "../../adapters/files/state-file.ts";
import type { Connection } from "../../model/api/connection.ts";
import { ChildMemory } from "./child-memory.ts";

const connection = (id: string, ...children: [key: string, ifId: number][]) =>
  ({ id, children: children.map(([key, ifId]) => ({ key, ifId })) }) as unknown as Connection;

describe("the memory of children", () => {
  const folder = mkdtempSync(join(tmpdir(), "ipman-memory-"));
  process.once("exit", () => rmSync(folder, { recursive: true }));
  const path = join(folder, "group", "children.json");
  const troubles: unknown[] = [];
  /** Uses the memory in a process that then ends. */
  const during = <T>(use: (memory: ChildMemory) => T): T => {
    const file = new StateFile(path, knownChildrenCodec);
    using memory = new ChildMemory(file, (error) => troubles.push(error));
    return use(memory);
  };
  const others = (isDeclared: (child: KnownChild) => boolean) =>
    during((memory) => memory.takeOthers(isDeclared).map(({ ifId }) => ifId));

  it("outlives the process", () => {
    during((memory) => memory.note([connection("a", ["one", 1], ["two", 2])]));
    during((memory) => memory.note([connection("a", ["one", 11])]));
    assert.deepEqual(
      others(({ child }) => child === "two"),
      [1, 11],
    );
    assert.deepEqual(
      others(() => false),
      [2],
    );
    assert.deepEqual(
      others(() => false),
      [],
    );
    assert.deepEqual(troubles, []);
  });

  it("reports a file that it cannot read, and starts empty", () => {
    for (const text of ["{", '[{"connection":"a"}]', "[null]"]) {
      writeFileSync(path, text);
      troubles.length = 0;
      during((memory) => {
        memory.note([connection("b", ["one", 3])]);
        assert.match(memory.problem ?? "", /children\.json\.unreadable/);
      });
      assert.match(String(troubles[0]), /children\.json cannot be read/);
      assert.equal(others(() => true).length, 0);
      assert.equal(others(() => false).length, 1, "children noted later are kept");
    }
  });
});
