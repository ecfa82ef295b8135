import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { obedientNetwork } from "../../../test/simulator/placement.ts";
import type { Connection } from "../../model/api/connection.ts";
import type { HeldSas, KernelState } from "../../model/charon/held-sas.ts";
import { OrphanedSas } from "./orphaned-sas.ts";

const declared = [
  { name: "site", children: [{ key: "net", ifId: 102, selectorSets: [{ name: "net" }] }] },
] as unknown as Connection[];

/** A kernel with SAs of one child, by their SPIs, and one policy. */
function kernel(...spis: number[]) {
  const states = new Set<KernelState>([
    ...spis.map((spi) => ({ kind: "sa" as const, ifId: 102, reqid: 1, spi, id: String(spi) })),
    { kind: "policy", ifId: 102, reqid: 1, spi: 0, id: "policy" },
  ]);
  const orphans = new OrphanedSas({
    ...obedientNetwork,
    kernelStates: (ifIds) => [...states].filter(({ ifId }) => ifIds.has(ifId)),
    removeStates: (removed) => removed.filter((state) => states.delete(state)).length,
  });
  orphans.note(declared);
  return { orphans, states, left: () => [...states].map(({ id }) => id) };
}

function listing(...spis: number[]): HeldSas {
  const reqids = new Set(spis.length === 0 ? [] : ["102/1"]);
  return { spis: new Set(spis), reqids, hidden: new Set(), traps: [] };
}

/** A charon that returns these answers, one after the other. */
function charon(...lists: readonly (HeldSas | Error)[]) {
  const rest = [...lists];
  return {
    held: () => {
      const next = rest.shift() ?? listing();
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
    },
  };
}

describe("orphaned SAs", () => {
  it("are those that charon does not list, regardless of the clock", async (test) => {
    for (const now of [0, 2 ** 41]) {
      test.mock.timers.enable({ apis: ["Date"], now });
      const { orphans, left } = kernel(7, 8);
      await orphans.removeOrphans(charon(listing(7), listing(7)));
      assert.deepEqual(left(), ["7", "policy"]);
      test.mock.timers.reset();
    }
  });

  it("are removed with their policies after a charon that was killed restarts", async () => {
    const { orphans, left } = kernel(7, 8);
    await orphans.removeOrphans(charon(listing(), listing()));
    assert.deepEqual(left(), []);
  });

  it("are in neither of two lists, since a CHILD SA may change its IKE SA during a list", async () => {
    for (const lists of [
      [listing(), listing(7)],
      [listing(7), listing()],
    ]) {
      const { orphans, left } = kernel(7);
      await orphans.removeOrphans(charon(...lists));
      assert.deepEqual(left(), ["7", "policy"]);
    }
  });

  it("do not include SAs that charon adds while it lists them", async () => {
    const { orphans, states, left } = kernel(7);
    const added: KernelState = { kind: "sa", ifId: 102, reqid: 2, spi: 9, id: "9" };
    const adding = {
      held: () => {
        states.add(added);
        return Promise.resolve(listing());
      },
    };
    await orphans.removeOrphans(adding);
    assert.deepEqual(left(), ["9"]);
  });

  it("are not removed if one of the lists fails", async () => {
    const cut = new Error("the session ended");
    for (const lists of [[cut], [listing(), cut]]) {
      const { orphans, left } = kernel(7);
      await assert.rejects(orphans.removeOrphans(charon(...lists)), cut);
      assert.deepEqual(left(), ["7", "policy"]);
    }
  });

  it("do not include policies of a child whose trap charon has", async () => {
    const trapping = { ...listing(), traps: [{ connection: "site", child: "net" }] };
    const { orphans, left } = kernel(7);
    await orphans.removeOrphans(charon(trapping, trapping));
    assert.deepEqual(left(), ["policy"]);
  });
});
