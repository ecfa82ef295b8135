import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { createMachine, sendTo } from "xstate";
import { connectionOf, ikeSa, settled } from "../../../test/models/fixtures.ts";
import type { FloatingEvent } from "../../machines/floating/floating-types.ts";
import { formatAddress, type Address } from "../../model/net/address.ts";
import { observedActor } from "../actors/observed-actor.ts";
import { floatingLogic } from "./floating-logic.ts";

const connection = connectionOf();
const address: Address = { family: 4, value: 0xc0a8_0109n };
const floating = { prefix: { address, length: 24 }, interfaceName: undefined };
const held = "192.168.1.9";
const fail = (error: unknown) => assert.fail(String(error));

/** The actor of the address below a parent, with ports that write down what they do. */
function actor(charon: { terminates?: () => Promise<void>; lists?: () => Promise<never> } = {}) {
  const did: string[] = [];
  const noted = (what: string) => (of: Address) => void did.push(`${what} ${formatAddress(of)}`);
  const sas = [
    ikeSa({ uniqueId: "1", localHost: held }),
    ikeSa({ uniqueId: "2", localHost: "192.168.1.1" }),
    ikeSa({ uniqueId: "3", localHost: held, connection: "another" }),
    ikeSa({ uniqueId: "4", localHost: held, connection: "site/backup" }),
  ];
  const logic = floatingLogic({
    calls: { next: () => {} },
    charon: {
      list: charon.lists ?? (() => Promise.resolve(sas)),
      terminateIkeSa: async (id) => {
        await charon.terminates?.();
        did.push(`end ${id}`);
      },
    },
    addresses: {
      hold: ({ prefix }) => {
        noted("hold")(prefix.address);
        return true;
      },
      announce: noted("announce"),
      release: noted("release"),
      releaseOthers: () => [],
    },
  });
  const parent = createMachine({
    invoke: { id: "address", src: logic as never, input: { connection, floating } },
    on: { "*": { actions: sendTo("address", ({ event }) => event) } },
  });
  const root = observedActor(parent, {}, { failed: fail, broke: fail }).start();
  const send = async (event: FloatingEvent) => {
    root.send(event as never);
    for (let turn = 0; turn < 5; turn++) await settled();
  };
  return { did, send };
}

describe("the effects of a floating address", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout"] }));
  after(() => mock.timers.reset());

  it("announce it at once and three more times", async () => {
    const { did, send } = actor();
    await send({ type: "address.take" });
    assert.deepEqual(did, [`hold ${held}`, `announce ${held}`]);
    mock.timers.tick(1_000);
    assert.equal(did.length, 5);
  });

  it("remove it first if another node has it, and then end its SAs alone", async () => {
    const { did, send } = actor();
    await send({ type: "address.leave", planned: false });
    assert.deepEqual(did, [`release ${held}`, "end 1", "end 4"]);
  });

  it("end its SAs first in a planned move", async () => {
    const { did, send } = actor();
    await send({ type: "address.leave", planned: true });
    assert.deepEqual(did, ["end 1", "end 4", `release ${held}`]);
  });

  it("remove it without charon", async () => {
    const lost = actor({ lists: () => Promise.reject(new Error("charon is lost")) });
    await lost.send({ type: "address.leave", planned: true });
    assert.deepEqual(lost.did, [`release ${held}`]);
  });

  it("keep it if the active path returns while its SAs end", async () => {
    const ending = Promise.withResolvers<void>();
    const { did, send } = actor({ terminates: () => ending.promise });
    await send({ type: "address.leave", planned: true });
    await send({ type: "address.take" });
    ending.resolve();
    await send({ type: "address.announce" });
    assert.ok(!did.includes(`release ${held}`), did.join());
  });
});
