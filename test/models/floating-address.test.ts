import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { childSpec } from "./fixtures.ts";
import { NodesHarness, type AgentOfNode } from "./several-nodes-harness.ts";

const second = 1_000;
const failover = { floatingAddr: "192.0.2.200/24", failback: "never" };
const spec = { localAddr: "", remoteAddr: "192.0.2.1", failover };

/** Two agents that run for a while: the first one has the address. */
async function running(changes: object = {}): Promise<NodesHarness> {
  const nodes = new NodesHarness("cold", { ...spec, ...changes });
  for (const agent of nodes.agents) agent.start(nodes.clock);
  await nodes.pass(10 * second);
  assert.deepEqual(nodes.holding, ["n1"]);
  nodes.outage = 0;
  return nodes;
}

const established = ({ charon }: AgentOfNode) =>
  charon.sas.filter(({ children }) => children.length > 0).length;

/** The effects on the address of both nodes, in their order. */
function watch(nodes: NodesHarness): string[] {
  const seen: string[] = [];
  for (const { id, calls } of nodes.agents) {
    const push = calls.made.push.bind(calls.made);
    calls.made.push = (...items) => {
      for (const { name } of items)
        if (/address|SAs/.test(name)) seen.push(`${id.slice(5)} ${name}`);
      return push(...items);
    };
  }
  return seen;
}

describe("a floating address of two nodes", () => {
  it("is on the node of the active path, whose charon alone has an IKE SA", async () => {
    const nodes = await running();
    assert.deepEqual(nodes.announcing, ["n1"]);
    assert.deepEqual(nodes.agents.map(established), [1, 0]);
    assert.deepEqual(nodes.second.charon.sas, []);
  });

  it("moves by a command: the SAs end, the address leaves, and then the other node has it", async () => {
    const nodes = await running();
    const seen = watch(nodes);
    nodes.first.actor?.send({ type: "move", path: "backup" });
    await nodes.pass(3 * second);
    assert.deepEqual(nodes.holding, ["n2"]);
    assert.deepEqual(seen.slice(0, 3), [
      "n1 SAs ended",
      "n2 address added",
      "n2 address announced",
    ]);
    assert.deepEqual(nodes.agents.map(established), [0, 1]);
    assert.deepEqual(nodes.announcing, ["n2"]);
    assert.ok(nodes.outage <= 200, `${nodes.outage} ms`);
    nodes.second.actor?.send({ type: "move", path: "main" });
    await nodes.pass(3 * second);
    assert.deepEqual(nodes.holding, ["n1"]);
    assert.deepEqual(nodes.agents.map(established), [1, 0]);
  });

  it("is not taken before it has left, and goes on as before until then", async () => {
    const nodes = await running();
    const leaving = Promise.withResolvers<void>();
    nodes.first.leaves = leaving.promise;
    nodes.first.actor?.send({ type: "move", path: "backup" });
    await nodes.pass(300);
    assert.deepEqual(nodes.holding, ["n1"]);
    assert.deepEqual(nodes.second.context.active, "main");
    leaving.resolve();
    await nodes.pass(300);
    assert.deepEqual(nodes.holding, ["n2"]);
  });

  it("that the node cannot have is reported, and is tried again", async () => {
    const nodes = await running();
    const { first } = nodes;
    first.holds = false;
    first.refusesAddress = true;
    await nodes.pass(6 * second);
    const { address } = first.context.choice;
    assert.equal(address.holds, false);
    assert.equal(address.failure?.reason, "FloatingAddressUnavailable");
    first.refusesAddress = false;
    await nodes.pass(60 * second);
    assert.deepEqual(nodes.holding.length, 1);
    assert.equal(first.context.choice.address.failure, undefined);
  });

  it("returns at once from a node that cannot have it", async () => {
    const nodes = await running();
    nodes.second.refusesAddress = true;
    nodes.first.actor?.send({ type: "move", path: "backup" });
    await nodes.pass(20 * second);
    assert.deepEqual(nodes.holding, ["n1"]);
    assert.deepEqual(nodes.agents.map(established), [1, 0]);
    assert.ok(nodes.outage <= second, `${nodes.outage} ms`);
  });

  it("has packets wait in the gateway of the other node until its charon has dialled", async () => {
    const nodes = await running();
    nodes.second.charon.answers = false;
    const since = nodes.second.calls.made.length;
    nodes.first.actor?.send({ type: "move", path: "backup" });
    await nodes.pass(500);
    const held = () =>
      nodes.second.calls.made
        .slice(since)
        .map(({ name }) => name)
        .filter((name) => name === "hold" || name === "release");
    assert.deepEqual(held(), ["hold"]);
    await nodes.pass(3 * second);
    assert.deepEqual(held().slice(0, 2), ["hold", "release"], "not for ever");
  });

  it("returns if the other node's charon does not get an answer", async () => {
    const nodes = await running();
    nodes.second.charon.answers = false;
    nodes.first.actor?.send({ type: "move", path: "backup" });
    await nodes.pass(20 * second);
    assert.deepEqual(nodes.holding, ["n1"]);
    assert.deepEqual(nodes.agents.map(established), [1, 0]);
  });

  it("is taken by the other node when the first one is lost", async () => {
    const nodes = await running();
    nodes.lose(nodes.first);
    await nodes.pass(2 * second);
    assert.deepEqual(nodes.holding, ["n2"]);
    assert.equal(established(nodes.second), 1);
    assert.ok(nodes.outage <= 800, `${nodes.outage} ms`);
  });

  it("is dialled after a takeover also if the peer brings the tunnel up otherwise", async () => {
    const children = { "child-2": { ...childSpec(2), extra: { start_action: "none" } } };
    const nodes = new NodesHarness("cold", { ...spec, children });
    for (const agent of nodes.agents) agent.start(nodes.clock);
    await nodes.pass(10 * second);
    assert.deepEqual(nodes.agents.map(established), [0, 0], "the peer dials");
    nodes.lose(nodes.first);
    await nodes.pass(2 * second);
    assert.equal(established(nodes.second), 1);
  });

  it("stays while the agent of its node restarts", async () => {
    const nodes = await running();
    const seen = watch(nodes);
    nodes.first.stop();
    await nodes.pass(second);
    nodes.first.start(nodes.clock);
    await nodes.pass(10 * second);
    assert.deepEqual(nodes.holding, ["n1"]);
    assert.equal(nodes.outage, 0);
    assert.deepEqual(
      seen.filter((one) => !one.endsWith("announced")),
      [],
    );
  });

  it("is removed by an agent that starts after the other node has taken it", async () => {
    const nodes = await running();
    nodes.first.stop();
    nodes.first.isLost = true;
    await nodes.pass(2 * second);
    nodes.first.isLost = false;
    assert.deepEqual(nodes.holding, ["n1", "n2"], "the crashed agent left it on the node");
    nodes.first.start(nodes.clock);
    await nodes.pass(2 * second);
    assert.deepEqual(nodes.holding, ["n2"]);
  });

  it("is removed and announced again at once when a partition ends", async () => {
    const nodes = await running();
    nodes.linked = false;
    for (const agent of nodes.agents) agent.isLost = true;
    await nodes.pass(3 * second);
    assert.ok(nodes.second.holds);
    const seen = watch(nodes);
    nodes.linked = true;
    for (const agent of nodes.agents) agent.isLost = false;
    await nodes.pass(500);
    assert.deepEqual(nodes.holding, ["n2"]);
    assert.ok(seen.includes("n1 address removed"), seen.join());
    assert.ok(
      seen.lastIndexOf("n2 address announced") > seen.indexOf("n1 address removed"),
      seen.join(),
    );
  });

  it("leaves when it is declared no more, or when the connection is deleted", async () => {
    const nodes = await running();
    const { floating: _, ...without } = nodes.first.connection;
    nodes.first.actor?.send({ type: "spec.changed", connection: without });
    await nodes.pass(second);
    assert.deepEqual(nodes.holding, []);
    const others = await running();
    others.first.actor?.send({ type: "delete" });
    await others.pass(second);
    assert.deepEqual(others.holding, []);
  });

  const command = fc.oneof(
    fc.constantFrom("cut", "join", "move main", "move backup"),
    fc.constantFrom("stop n1", "stop n2", "start n1", "start n2"),
    fc.constantFrom("deaf n1", "deaf n2", "answers n1", "answers n2", "wait", "wait"),
  );

  function run(nodes: NodesHarness, what: string): void {
    const [verb, name] = what.split(" ");
    if (verb === "cut" || verb === "join") nodes.linked = verb === "join";
    if (verb === "move")
      for (const { actor } of nodes.agents) actor?.send({ type: "move", path: name as string });
    for (const agent of nodes.agents.filter(({ id }) => id === `node:${name}`)) {
      if (verb === "stop") agent.stop();
      if (verb === "start" && agent.actor === undefined) agent.start(nodes.clock);
      if (verb === "deaf" || verb === "answers") agent.charon.answers = verb === "answers";
    }
    for (const agent of nodes.agents) agent.isLost = !nodes.linked;
  }

  it("is never on two nodes that have heard each other for a second, whatever happens", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 12 }), async (commands) => {
        const nodes = await running();
        let together = 0;
        const pass = async (milliseconds: number) => {
          for (let passed = 0; passed < milliseconds; passed += 100) {
            await nodes.pass(100);
            const isWhole = nodes.linked && nodes.agents.every(({ actor }) => actor !== undefined);
            together = isWhole ? together + 100 : 0;
            const holders = nodes.agents.filter(({ holds }) => holds).length;
            // An agent that starts learns the decision of the other one within a second.
            if (together > 2 * second) assert.ok(holders <= 1, `${holders} holders`);
          }
        };
        for (const what of commands) {
          run(nodes, what);
          await pass(1_500);
        }
        for (const what of ["join", "start n1", "start n2", "answers n1", "answers n2"])
          run(nodes, what);
        await pass(100 * second);
        assert.equal(nodes.holding.length, 1);
        const holder = nodes.agents.find(({ holds }) => holds);
        assert.equal(established(holder as AgentOfNode), 1);
        assert.deepEqual(nodes.announcing, nodes.holding);
      }),
      { numRuns: 25 },
    );
  });
});
