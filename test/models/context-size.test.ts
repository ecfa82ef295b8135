import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { initialTransition, transition, type AnyStateMachine } from "xstate";
import { childMachine } from "../../src/machines/child/child.ts";
import { connectionMachine } from "../../src/machines/connection/connection.ts";
import { noChoice } from "../../src/machines/connection/path-choice.ts";
import { gatewayMachine } from "../../src/machines/gateway/gateway.ts";
import { pathMachine } from "../../src/machines/path/path.ts";
import { noEndpoints } from "../../src/machines/connection/connection-types.ts";
import { connectionOf } from "./fixtures.ts";

/**
 * XState copies a context with `Object.assign`. From 20 fields on, V8 may give the copy a hash table of
 * 1.5 kB instead of a layout that it shares with other contexts.
 */
const mostFields = 19;

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

describe("the context of each actor of a connection with one path", () => {
  for (const [name, [machine, input]] of Object.entries(charts))
    it(`has few fields: ${name}`, () => {
      const [first] = initialTransition(machine, input);
      const fields = Object.keys(first.context as object);
      assert.ok(fields.length <= mostFields, `${fields.length} fields: ${fields.join(", ")}`);
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
