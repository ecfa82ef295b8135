import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { decodeMessage, encodeMessage } from "vici-client";
import { childSpec, connectionSpec, secret, yaml } from "../../lab/sites/manifests.ts";
import { eventually } from "../../lab/sites/shell.ts";
import { readManifest } from "../../src/adapters/manifests/read.ts";
import type { Connection } from "../../src/model/api/connection.ts";
import type { Gateway, Worker } from "../../src/model/network/endpoint.ts";
import { messageFromConnection } from "../../src/model/charon/vici-message.ts";
import { desiredState, nothingDesired } from "../../src/runtime/desired/desired-state.ts";
import { endpointsOf } from "../../src/runtime/supervisor/endpoints-of.ts";
import { childWanted, poolWanted } from "../../src/runtime/host/attach-request.ts";
import { Allocation } from "../../src/model/addresses/allocation.ts";
import { Secrets } from "../../src/runtime/keys/secrets.ts";
import { statusOf } from "../../src/runtime/status/status.ts";
import { resourceOf, World } from "../simulator/world.ts";

/** The names that every object inherits, among them `constructor` and `__proto__`. */
const inherited = Object.getOwnPropertyNames(Object.prototype);

/** Names that a child or a pool can have: label values. */
const label = fc.constantFrom(...inherited.filter((name) => !name.startsWith("_")));
const anyName = fc.constantFrom(...inherited);

/** The connection of a manifest with these names. */
function declared(document: object, key = "k") {
  const before = nothingDesired;
  const snapshot = readManifest("x.yaml", yaml(document, secret({ [key]: "a key" })));
  const state = desiredState(before, snapshot);
  assert.deepEqual([...state.problems.values()], []);
  return { state, connection: [...state.connections.values()][0] as Connection };
}

/** Own members only, as text: a plain comparison would not see `__proto__`. */
const textOf = (value: unknown) => JSON.stringify(value);

describe("the names of Object.prototype's members", () => {
  it("are ordinary names of children and pools", () => {
    fc.assert(
      fc.property(label, label, (key, pool) => {
        const ip_pools = JSON.parse(`{${JSON.stringify(pool)}: ["10.0.2.3/24"]}`) as object;
        const children = Object.fromEntries([[key, childSpec(2, { name: key, ip_pools })]]);
        const { state, connection } = declared(connectionSpec("x", { name: key, children }));
        const request = { netns: "", connection: "x", child: key };
        const { child } = childWanted(request, state.connections);
        assert.equal(poolWanted(pool, child), pool);
        for (const other of inherited) {
          const outcome = new Allocation(new Map(), []).take({
            child,
            pool: other,
            namespace: "n",
          });
          assert.equal(outcome.ok, other === pool);
        }
        const message = messageFromConnection(connection);
        assert.equal(textOf(decodeMessage(encodeMessage(message))), textOf(message));
        assert.deepEqual(Object.keys(message), [key]);
      }),
    );
  });

  it("are ordinary keys of endpoints, regardless of the previous endpoints", () => {
    const none = { gateways: [], workers: [], services: new Map() };
    const worker = (child: string) => ({ id: child, connection: "x", child }) as Worker;
    const gateway = (child: string) => ({ id: child, connection: "x", child }) as Gateway;
    fc.assert(
      fc.property(anyName, anyName, (one, other) => {
        const before = endpointsOf({ ...none, workers: [worker(one)] }, new Map());
        assert.equal(before.get("x")?.get(one)?.workers.length, 1);
        const after = endpointsOf(
          { ...none, gateways: [gateway(other)], workers: [worker(one)] },
          before,
        );
        assert.equal(after.get("x")?.get(other)?.gateway?.child, other);
      }),
    );
  });

  it("are ordinary keys of Secrets and options of charon", () => {
    fc.assert(
      fc.property(anyName, label, (key, option) => {
        const extra = JSON.parse(`{${JSON.stringify(option)}: "on"}`) as object;
        const secretRef = { name: "ipsec-secret", namespace: "default", key };
        const spec = { secretRef, extra, children: { lan: childSpec(2, { extra }) } };
        const { state, connection } = declared(connectionSpec("x", spec), key);
        const secrets = new Secrets();
        secrets.replace(state.secrets);
        assert.deepEqual(secrets.value(connection), Buffer.from("a key"));
        for (const other of inherited.filter((name) => name !== key))
          assert.equal(
            secrets.value({ ...connection, secretRef: { ...secretRef, key: other } }),
            undefined,
          );
        const message = encodeMessage(messageFromConnection(connection));
        assert.equal(Buffer.from(message).toString("latin1").split(option.toLowerCase()).length, 3);
      }),
    );
  });

  it("are ordinary names of established tunnels, which the status shows", async () => {
    const names = inherited.filter((name) => !name.startsWith("_"));
    const children = Object.fromEntries(names.map((key, i) => [key, childSpec(i, { name: key })]));
    await using world = new World([
      resourceOf(secret({ constructor: "a key" })),
      resourceOf(
        connectionSpec("constructor", {
          secretRef: { name: "ipsec-secret", namespace: "default", key: "constructor" },
          children,
        }),
      ),
    ]);
    await world.start();
    await eventually(() => {
      const shown = statusOf(world.supervisor).connections[0]?.children ?? [];
      assert.deepEqual(shown.map(({ key }) => key).toSorted(), names.toSorted());
      for (const { state } of shown) assert.equal(state, "established");
    });
    assert.deepEqual(world.breakdowns, []);
  });
});
