import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInThisContext } from "node:vm";
import { initialTransition, transition, type AnyStateMachine } from "xstate";
import { childMachine } from "../../src/machines/child/child.ts";
import { connectionMachine } from "../../src/machines/connection/connection.ts";
import { noChoice } from "../../src/machines/connection/path-choice.ts";
import { gatewayMachine } from "../../src/machines/gateway/gateway.ts";
import { pathMachine } from "../../src/machines/path/path.ts";
import { noEndpoints } from "../../src/machines/connection/connection-types.ts";
import { connectionOf } from "./fixtures.ts";

/** Whether V8 keeps an object's fields in a layout that it shares, and not in a hash table. */
function hasFastProperties(object: object): boolean {
  setFlagsFromString("--allow-natives-syntax");
  try {
    const check = runInThisContext("(object) => %HasFastProperties(object)") as (
      object: object,
    ) => boolean;
    return check(object);
  } finally {
    setFlagsFromString("--no-allow-natives-syntax");
  }
}

const connection = connectionOf();
const [child] = connection.children;
const key = { secretRevision: "1", keyFailure: undefined };

const charts: Record<string, [AnyStateMachine, object]> = {
  connection: [
    connectionMachine,
    { connection, endpoints: noEndpoints, charonReady: true, keys: {} },
  ],
  path: [pathMachine, { path: "main", connection, charonReady: true, ...key }],
  child: [childMachine, { connection, child, loaded: true }],
  gateway: [gatewayMachine, { connection, child, tunnels: [1] }],
};

/**
 * The charts of which each connection has an actor. XState copies a context with `Object.assign`, whose
 * result has a hash table of 1.5 kB instead of a shared layout from 20 fields on.
 */
describe("the context of each actor of a connection with one path", () => {
  for (const [name, [machine, input]] of Object.entries(charts))
    it(`has a layout that V8 shares between objects: ${name}`, () => {
      const [first] = initialTransition(machine, input);
      const copied = Object.assign({}, first.context, {});
      assert.equal(hasFastProperties(copied), true, `${Object.keys(copied).length} fields`);
    });

  it("has no facts of its own for the choice of a path", () => {
    const input = { connection, endpoints: noEndpoints, charonReady: true, keys: {} };
    const [first] = initialTransition(connectionMachine, input);
    const [next] = transition(connectionMachine, first, {
      type: "spec.changed",
      connection: connectionOf(),
    });
    assert.equal(next.context.choice, noChoice);
  });
});
