import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { childSpec, connectionSpec } from "../../lab/sites/manifests.ts";
import { Charon } from "../../src/adapters/vici/charon.ts";
import { Figures } from "../../src/adapters/vici/figures.ts";
import { connectionFromCr } from "../../src/model/validation/connection-from-cr.ts";
import { SimulatedCharon } from "../simulator/charon.ts";

function connection(name: string, child: string) {
  const result = connectionFromCr(connectionSpec(name, { children: { [child]: childSpec(2) } }));
  assert.ok(result.ok);
  return result.value;
}

it("charon's connections are listed again when there are others, and at the latest in a minute", async (t) => {
  let now = 0;
  t.mock.method(performance, "now", () => now);
  const folder = mkdtempSync(join(tmpdir(), "figures-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "vici");
  await using simulated = new SimulatedCharon({ peer: () => "answers" });
  await simulated.listen(path);
  using giver = new Charon(path);
  using another = new Charon(path);
  using figures = new Figures(path, {}, giver);
  for (const one of [giver, another, figures]) await one.open();
  const loaded = async () => Object.fromEntries((await figures.figures()).loaded);

  // Each load asks what charon has of its connection.
  let loads = 0;
  const load = (charon: Charon, ...of: Parameters<typeof connection>) => {
    loads++;
    return charon.load(connection(...of), Buffer.from("key"));
  };

  await load(giver, "one", "a");
  assert.deepEqual(await loaded(), { one: ["a"] });
  assert.deepEqual(await loaded(), { one: ["a"] });
  assert.equal(simulated.asked.get("list-conns"), 1 + loads, "one for both");

  await load(giver, "one", "b");
  assert.deepEqual(await loaded(), { one: ["b"] });

  await load(another, "two", "c");
  assert.deepEqual(await loaded(), { one: ["b"] });
  now += 61_000;
  assert.deepEqual(await loaded(), { one: ["b"], two: ["c"] });

  await giver.unload("two");
  assert.deepEqual(await loaded(), { one: ["b"] });
  await figures.open();
  await loaded();
  assert.equal(simulated.asked.get("list-conns"), 5 + loads, "and in each session");
});
