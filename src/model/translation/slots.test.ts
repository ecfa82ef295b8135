import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { slotCount, slotsOf } from "./slots.ts";

const names = (count: number) => Array.from({ length: count }, (_, i) => `10.0.2.${i + 1}:80`);
const shares = (slots: readonly number[]) =>
  [...Map.groupBy(slots, (slot) => slot).values()].map(({ length }) => length);

describe("the slots of backends", () => {
  it("are distributed evenly", () => {
    for (const count of [1, 2, 3, 5, 20]) {
      const each = shares(slotsOf(names(count)));
      assert.equal(each.length, count);
      const [least, most] = [Math.min(...each), Math.max(...each)];
      assert.ok(most - least <= 1, `${count} backends have ${least} to ${most} slots`);
    }
  });

  it("do not depend on the order of the backends", () => {
    const some = names(5);
    const backwards = some.toReversed();
    const byName = (all: readonly string[]) => slotsOf(all).map((index) => all[index]);
    assert.deepEqual(byName(backwards), byName(some));
  });

  it("stay with their backends, except for few, when a backend is lost", () => {
    const [all, rest] = [names(5), names(4)];
    const before = slotsOf(all).map((index) => all[index]);
    const after = slotsOf(rest).map((index) => rest[index]);
    const lost = before.filter((name) => name === all[4]).length;
    const moved = before.filter((name, slot) => name !== all[4] && name !== after[slot]).length;
    assert.ok(moved < (slotCount - lost) / 4, `${moved} of ${slotCount - lost} slots moved`);
  });

  it("leave out backends beyond their number", () => {
    const slots = slotsOf(names(slotCount + 10));
    assert.equal(new Set(slots).size, slotCount);
  });
});
