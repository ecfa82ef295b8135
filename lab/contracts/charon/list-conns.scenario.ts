import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { connect, type Message, type Session } from "vici-client";
import { messageFromConnection } from "../../../src/model/charon/vici-message.ts";
import { connectionFromCr } from "../../../src/model/validation/connection-from-cr.ts";
import { SimulatedCharon } from "../../../test/simulator/charon.ts";
import { listedConnections } from "../../../test/simulator/manifests.ts";
import { Charon } from "../../sites/charon.ts";

/** The reply of `list-conns` to a connection that is loaded and then unloaded. */
async function listed(session: Session, manifest: object): Promise<Message | undefined> {
  const result = connectionFromCr(manifest);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  await session.request("load-conn", messageFromConnection(result.value));
  const [message] = await Array.fromAsync(session.stream("list-conns", {}));
  await session.request("unload-conn", { name: "one" });
  return message;
}

describe("the simulator's list of connections", () => {
  const resources = new AsyncDisposableStack();
  let real: Session;
  let simulated: Session;

  before(async () => {
    const folder = mkdtempSync(join(process.env["ARTIFACTS"] ?? "/tmp", "list-conns-"));
    const charon = resources.use(new Charon({ name: "listed-charon", folder }));
    await charon.start();
    real = resources.use(await charon.session());
    const simulator = resources.use(
      new SimulatedCharon({ peer: () => "answers", version: charon.version }),
    );
    const path = join("/run", "listed-simulator.vici");
    await simulator.listen(path);
    simulated = resources.use(await connect({ path }));
  });
  after(() => resources.disposeAsync());

  for (const { title, manifest } of listedConnections) {
    it(`equals charon's for ${title}`, async () => {
      assert.deepEqual(await listed(simulated, manifest), await listed(real, manifest));
    });
  }
});
