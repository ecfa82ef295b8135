import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { isEstablished } from "../../../src/model/charon/sa.ts";
import { eventually, ip } from "../../sites/shell.ts";
import { StandbySites } from "./standby-sites.ts";

const floating = "192.168.1.9";

/** In which a request of dead peer detection finds that its source address is gone. */
const dpdMs = 2_500;

/** The options of a connection with a floating address. */
const ours = { local_addrs: [floating], mobike: "no", unique: "no", dpd_delay: "1s" };

describe("the IKE SA of an address that moves between nodes", () => {
  const resources = new AsyncDisposableStack();
  let sites: StandbySites;

  before(async () => {
    sites = resources.use(await StandbySites.build());
  });
  after(() => resources.disposeAsync());

  const address = (verb: "add" | "del") => ip(`addr ${verb} ${floating}/32 dev wire0`);

  /** Establishes a connection from the floating address, which leaves then. */
  async function orphaned(name: string, node: object = {}): Promise<void> {
    address("add");
    await sites.load(name, { node: { ...ours, ...node }, peer: { unique: "no" } });
    await sites.node.initiate(name, "net");
    await sites.node.settles(name, [["net"]]);
    await sites.peer.settles(name, [["net"]]);
    address("del");
  }

  const peersView = async (name: string) =>
    (await sites.peer.sas(name)).filter(isEstablished).map(({ remoteHost }) => remoteHost);

  /** As an agent ends an IKE SA; charon says that the peer did not answer. */
  const terminate = (name: string) =>
    sites.node
      .request("terminate", { ike: name, force: "yes", timeout: "500" })
      .catch((error: unknown) => assert.match(String(error), /terminating SA failed/));

  it("stays at the address that left without MOBIKE", async () => {
    await orphaned("stays");
    await pause(dpdMs);
    assert.deepEqual(
      (await sites.node.sas("stays")).map(({ localHost }) => localHost),
      [floating],
    );
    assert.deepEqual(await peersView("stays"), [floating]);
    await terminate("stays");
  });

  it("moves to another address of the node with MOBIKE, and takes the peer's traffic along", async () => {
    await orphaned("moves", { mobike: "yes" });
    await eventually(
      async () => assert.deepEqual(await peersView("moves"), ["192.168.1.1"]),
      20_000,
    );
    await terminate("moves");
  });

  it("ends without a message to the peer after the address has left", async () => {
    await orphaned("silent");
    await terminate("silent");
    await eventually(async () => assert.deepEqual(await sites.node.sas("silent"), []));
    await pause(300);
    assert.deepEqual(await peersView("silent"), [floating]);
  });

  it("is replaced at the peer by that of the node which has the address then", async () => {
    await orphaned("taken");
    await terminate("taken");
    await eventually(async () => assert.deepEqual(await sites.node.sas("taken"), []));
    const [before] = await sites.peer.settles("taken", [["net"]]);
    address("add");
    const from = performance.now();
    await sites.node.initiate("taken", "net");
    await eventually(async () => {
      const [now] = await sites.peer.settles("taken", [["net"]]);
      assert.notEqual(now, before);
    });
    process.stdout.write(`      ${Math.round(performance.now() - from)} ms\n`);
    address("del");
    await terminate("taken");
  });

  it("stays beside the new one at the peer with `unique = never`", async () => {
    await orphaned("beside", { unique: "never" });
    await terminate("beside");
    address("add");
    await sites.node.initiate("beside", "net");
    await sites.peer.settles("beside", [["net"], ["net"]]);
    address("del");
    await terminate("beside");
  });
});
