import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { childSpec, connectionSpec } from "../../../lab/sites/manifests.ts";
import { Charon } from "./charon.ts";
import { SimulatedCharon } from "../../../test/simulator/charon.ts";
import { messageFromConnection } from "../../model/charon/vici-message.ts";
import { connectionFromCr } from "../../model/validation/connection-from-cr.ts";
import { StatisticsSession } from "./statistics-session.ts";

function connection(name: string, child: string) {
  const result = connectionFromCr(connectionSpec(name, { children: { [child]: childSpec(2) } }));
  assert.ok(result.ok);
  return result.value;
}

it("loaded connections are listed again after a load or an unload, and after a minute", async (t) => {
  let now = 0;
  t.mock.method(performance, "now", () => now);
  const folder = mkdtempSync(join(tmpdir(), "statistics-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "vici");
  await using simulated = new SimulatedCharon({ peer: () => "answers" });
  await simulated.listen(path);
  using loader = new Charon(path);
  using another = new Charon(path);
  using statistics = new StatisticsSession(path, {}, loader);
  for (const one of [loader, another, statistics]) await one.open();
  const loaded = async () => Object.fromEntries((await statistics.read()).loaded);

  // Each load lists the connection before and after.
  let lists = 0;
  const load = (charon: Charon, ...of: Parameters<typeof connection>) => {
    lists += 2;
    const one = connection(...of);
    return charon.load(one, Buffer.from("key"), messageFromConnection(one));
  };

  await load(loader, "one", "a");
  assert.deepEqual(await loaded(), { one: ["a"] });
  assert.deepEqual(await loaded(), { one: ["a"] });
  assert.equal(simulated.asked.get("list-conns"), 1 + lists, "both reads share one list");

  await load(loader, "one", "b");
  assert.deepEqual(await loaded(), { one: ["b"] });

  await load(another, "two", "c");
  assert.deepEqual(await loaded(), { one: ["b"] });
  now += 61_000;
  assert.deepEqual(await loaded(), { one: ["b"], two: ["c"] });

  await loader.unload("two");
  assert.deepEqual(await loaded(), { one: ["b"] });
  await statistics.open();
  await loaded();
  assert.equal(simulated.asked.get("list-conns"), 5 + lists, "each session lists them once");
});
