import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { beatOf } from "../../src/machines/connection/elsewhere.ts";
import { gateway } from "./fixtures.ts";
import { actives, NodesHarness, running } from "./several-nodes-harness.ts";

const second = 1_000;

describe("a connection with paths on two nodes", () => {
  it("begins with the preferred path, and an IKE SA on the other node", async () => {
    const { first, second: other } = await running();
    assert.equal(other.charon.sas.length, 1);
    assert.deepEqual(other.charon.sas[0]?.children, []);
    assert.equal(other.actor?.getSnapshot().value, "established");
    assert.deepEqual(first.context.choice.ready, ["main", "backup"]);
  });

  it("goes on while the second node joins", async () => {
    const nodes = new NodesHarness();
    nodes.first.start(nodes.clock);
    await nodes.pass(10 * second);
    nodes.outage = 0;
    nodes.second.start(nodes.clock);
    await nodes.pass(10 * second);
    assert.equal(nodes.outage, 0);
    assert.deepEqual(nodes.announcing, ["n1"]);
    assert.deepEqual(nodes.second.switches, []);
  });

  it("moves to the other node when the path there is up, and ends the former CHILD SA later", async () => {
    const nodes = await running();
    nodes.first.actor?.send({ type: "move", path: "backup" });
    await nodes.pass(500);
    assert.deepEqual(nodes.announcing, ["n2"]);
    assert.equal(nodes.first.charon.sas[0]?.children.length, 1, "the former tunnel still receives");
    await nodes.pass(3 * second);
    assert.equal(nodes.outage, 0);
    assert.deepEqual(actives(nodes), ["backup 2", "backup 2"]);
    assert.deepEqual(nodes.first.charon.sas[0]?.children, []);
    assert.deepEqual(
      [nodes.first.switches, nodes.second.switches],
      [[], ["main backup move"]],
      "the agent that leads reports the move",
    );
  });

  it("has packets wait in the gateway of the other node while its CHILD SA is made", async () => {
    const nodes = await running();
    const { first, second: other } = nodes;
    const counts = () =>
      [first, other].map(({ calls }) => [calls.count("hold"), calls.count("release")]);
    nodes.first.actor?.send({ type: "move", path: "backup" });
    await nodes.pass(500);
    assert.deepEqual(counts(), [
      [0, 0],
      [1, 1],
    ]);
    const names = other.calls.made.map(({ name }) => name);
    assert.ok(names.indexOf("hold") < names.lastIndexOf("announce"), names.join(" "));
    assert.equal(nodes.outage, 0);
  });

  it("makes the CHILD SA of a move at once if the former path is lost meanwhile", async () => {
    const nodes = await running();
    const { first, second: other } = nodes;
    first.actor?.send({ type: "move", path: "backup" });
    await nodes.pass(100);
    assert.equal(other.context.choice.awaited, "backup");
    assert.deepEqual(other.charon.sas[0]?.children, []);
    first.charon.answers = false;
    first.charon.sas = [];
    first.list();
    const beat = beatOf(first.context);
    assert.equal(beat?.active, "backup");
    other.actor?.send({ type: "beat.heard", group: first.id, beat });
    await nodes.pass(second);
    assert.deepEqual(actives(nodes), ["backup 2", "backup 2"]);
    assert.equal(other.charon.sas[0]?.children.length, 1);
  });

  it("returns to the former gateway after half a second without a CHILD SA", async () => {
    const nodes = await running();
    nodes.second.charon.answers = false;
    nodes.first.actor?.send({ type: "move", path: "backup" });
    await nodes.pass(300);
    assert.deepEqual(nodes.announcing, ["n2"]);
    assert.equal(nodes.second.calls.count("hold"), 1);
    await nodes.pass(500);
    assert.deepEqual(nodes.announcing, ["n1"]);
    assert.equal(nodes.second.calls.count("release"), 1);
    await nodes.pass(20 * second);
    assert.deepEqual(nodes.announcing, ["n1"]);
    assert.deepEqual(actives(nodes), ["main 1", "main 1"]);
  });

  it("leads the traffic by the tunnel that it has while the other one takes over", async () => {
    const nodes = await running();
    nodes.first.actor?.send({ type: "move", path: "backup" });
    await nodes.pass(500);
    const { via, active } = nodes.first.context;
    assert.deepEqual([via, active], ["main", "backup"]);
  });

  it("leaves a node that is cordoned without a loss, and returns the hold after it is uncordoned", async () => {
    const nodes = await running();
    const { first, second: other } = nodes;
    first.actor?.send({ type: "group.leaves", leaves: true });
    await nodes.pass(500);
    assert.deepEqual(nodes.announcing, ["n2"]);
    assert.equal(other.calls.count("hold"), 1, "packets wait for the CHILD SA");
    await nodes.pass(3 * second);
    assert.deepEqual(other.switches, ["main backup drain"]);
    assert.deepEqual(first.charon.sas[0]?.children, [], "its IKE SA stays");
    // Its agent is replaced on the same node.
    first.stop();
    await nodes.pass(second);
    first.start(nodes.clock);
    first.actor?.send({ type: "group.leaves", leaves: true });
    await nodes.pass(900 * second);
    assert.deepEqual([nodes.announcing, nodes.outage], [["n2"], 0]);
    assert.deepEqual(first.switches, [], "no failback to a cordoned node");
    first.actor?.send({ type: "group.leaves", leaves: false });
    await nodes.pass(290 * second);
    assert.deepEqual(nodes.announcing, ["n2"]);
    await nodes.pass(20 * second);
    assert.deepEqual([nodes.announcing, nodes.outage], [["n1"], 0]);
  });

  it("leaves a cordoned node also if its agent ends in the middle of the move", async () => {
    const nodes = await running();
    const { first, second: other } = nodes;
    other.charon.answers = false;
    first.actor?.send({ type: "group.leaves", leaves: true });
    await nodes.pass(100);
    assert.equal(first.context.dialled, "backup");
    assert.equal(other.context.dialled, "backup");
    first.stop();
    other.charon.answers = true;
    other.actor?.send({ type: "restart" });
    await nodes.pass(2 * second);
    assert.deepEqual(other.switches, ["main backup drain"]);
  });

  it("stays on a cordoned node while the other one cannot carry the traffic", async () => {
    const nodes = await running();
    const { first, second: other } = nodes;
    other.charon.answers = false;
    first.actor?.send({ type: "group.leaves", leaves: true });
    await nodes.pass(9 * second);
    assert.deepEqual([nodes.announcing, nodes.first.context.active], [["n1"], "main"]);
    other.charon.answers = true;
    nodes.outage = 0;
    await nodes.pass(40 * second);
    assert.deepEqual([nodes.announcing, nodes.outage], [["n2"], 0]);
  });

  it("returns to a cordoned node if the other one is lost", async () => {
    const nodes = await running();
    const { first, second: other } = nodes;
    first.actor?.send({ type: "group.leaves", leaves: true });
    await nodes.pass(5 * second);
    nodes.lose(other);
    nodes.outage = 0;
    await nodes.pass(5 * second);
    assert.deepEqual(nodes.announcing, ["n1"]);
    assert.ok(nodes.outage <= second, `${nodes.outage} ms`);
  });

  it("moves when charon of its path ends right after the node was cordoned", async () => {
    const nodes = await running();
    const { first } = nodes;
    first.actor?.send({ type: "group.leaves", leaves: true });
    first.charon.answers = false;
    first.charon.sas = [];
    first.actor?.send({ type: "charon.lost" });
    await nodes.pass(2 * second);
    assert.deepEqual(nodes.announcing, ["n2"]);
    assert.ok(nodes.outage <= 500, `${nodes.outage} ms`);
  });

  it("takes over from a node that is lost, and returns after the hold", async () => {
    const nodes = await running();
    nodes.lose(nodes.first);
    await nodes.pass(10 * second);
    assert.ok(nodes.outage <= second, `${nodes.outage} ms`);
    assert.deepEqual(nodes.announcing, ["n2"]);
    assert.equal(nodes.second.context.active, "backup");
    nodes.outage = 0;
    nodes.first.isLost = false;
    nodes.first.start(nodes.clock);
    await nodes.pass(10 * second);
    assert.deepEqual(nodes.announcing, ["n2"], "the node that returns follows");
    await nodes.pass(300 * second);
    assert.deepEqual(nodes.announcing, ["n1"]);
    assert.equal(nodes.outage, 0);
  });

  it("does not return to a node without a gateway", async () => {
    const nodes = await running();
    const { first } = nodes;
    nodes.lose(first);
    await nodes.pass(10 * second);
    nodes.outage = 0;
    first.isLost = false;
    first.start(nodes.clock);
    const send = (found: typeof gateway | undefined) =>
      first.actor?.send({
        type: "endpoints.changed",
        endpoints: new Map([["child-2", { gateway: found, workers: [] }]]),
      });
    send(undefined);
    await nodes.pass(330 * second);
    assert.deepEqual([nodes.announcing, nodes.outage], [["n2"], 0]);
    send(gateway);
    await nodes.pass(310 * second);
    assert.deepEqual([nodes.announcing, nodes.outage], [["n1"], 0]);
  });

  it("hands over when the peer of its path is lost", async () => {
    const nodes = await running();
    nodes.first.charon.answers = false;
    nodes.first.charon.sas = [];
    await nodes.pass(10 * second);
    assert.deepEqual(nodes.announcing, ["n2"]);
    assert.ok(nodes.outage <= 2 * second, `${nodes.outage} ms`);
    assert.deepEqual(nodes.second.switches, ["main backup lost"]);
  });

  it("goes on with its path after the agent was started again", async () => {
    const nodes = await running();
    const [sa] = nodes.first.charon.sas;
    nodes.first.stop();
    await nodes.pass(second);
    nodes.first.start(nodes.clock);
    await nodes.pass(10 * second);
    assert.equal(nodes.first.charon.sas[0], sa);
    assert.deepEqual(nodes.announcing, ["n1"]);
    assert.deepEqual(nodes.second.switches, []);
  });

  it("goes on with the tunnel of an earlier process if no other agent is heard", async () => {
    const nodes = await running();
    nodes.first.actor?.send({ type: "move", path: "backup" });
    await nodes.pass(5 * second);
    nodes.second.stop();
    nodes.first.stop();
    const [sa] = nodes.second.charon.sas;
    nodes.first.isLost = true;
    nodes.second.start(nodes.clock);
    await nodes.pass(10 * second);
    assert.equal(nodes.second.charon.sas[0], sa);
    assert.deepEqual(nodes.announcing, ["n2"]);
  });

  it("ends the CHILD SA of an agent that returns after another one took over", async () => {
    const nodes = await running();
    nodes.first.stop();
    nodes.second.actor?.send({ type: "group.absent", group: nodes.first.id });
    await nodes.pass(5 * second);
    assert.equal(nodes.second.context.active, "backup");
    nodes.second.actor?.send({ type: "group.present", group: nodes.first.id });
    nodes.first.start(nodes.clock);
    await nodes.pass(5 * second);
    assert.deepEqual(nodes.announcing, ["n2"]);
    assert.deepEqual(
      nodes.first.charon.sas.map(({ children }) => children.length),
      [0],
    );
  });

  it("takes a path back that the other agent does not lead with", async () => {
    const nodes = await running();
    const { first, second: other } = nodes;
    // Its agent hangs, and its node answers.
    other.stop();
    first.charon.answers = false;
    first.charon.sas = [];
    await nodes.pass(1_500);
    assert.equal(first.context.active, "backup");
    first.charon.answers = true;
    await nodes.pass(2 * second);
    assert.deepEqual([first.context.active, first.context.choice.epoch], ["main", 3]);
    assert.deepEqual(nodes.announcing, ["n1"]);
  });

  it("goes back if the other agent's path is refused", async () => {
    const nodes = await running("cold");
    const { first, second: other } = nodes;
    other.charon.answers = false;
    first.charon.sas = [];
    first.charon.answers = false;
    await nodes.pass(5 * second);
    assert.equal(other.context.active, "backup");
    first.charon.answers = true;
    await nodes.pass(15 * second);
    assert.deepEqual(nodes.announcing, ["n1"]);
    assert.equal(actives(nodes)[0], actives(nodes)[1]);
  });
});
