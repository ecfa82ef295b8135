import assert from "node:assert/strict";
import { it } from "node:test";
import { addressSetup } from "../../src/machines/connection/address-setup.ts";
import { choiceSetup } from "../../src/machines/connection/choice-setup.ts";
import { connectionSetup } from "../../src/machines/connection/connection-setup.ts";
import { peerSetup } from "../../src/machines/connection/peer-setup.ts";

const context = (): never => assert.fail("no actor runs");
const machines = [
  connectionSetup.createMachine({ context }),
  choiceSetup.createMachine({ context }),
  addressSetup.createMachine({ context }),
  peerSetup.createMachine({ context }),
];

it("no setup of the connection machine replaces an action of the one that it extends", () => {
  const actions = machines.map(
    ({ implementations }): Readonly<Record<string, unknown>> => implementations.actions,
  );
  const replaced = actions.flatMap((former, at) =>
    Object.keys(former).filter((name) => (actions[at + 1] ?? former)[name] !== former[name]),
  );
  assert.deepEqual(replaced, []);
});
