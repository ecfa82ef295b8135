import assert from "node:assert/strict";
import { describe, it, mock } from "node:test";
import { Subject } from "rxjs";
import type { Endpoint } from "../../model/network/endpoint.ts";
import type { Running } from "../ports/running.ts";
import { gatewayHas } from "./gateway-has.ts";

const worker = { connection: "site", child: "lan", id: "app" } as Endpoint;

/** A running supervisor whose only gateway is in a state, and has workers. */
function supervisor() {
  const changes = new Subject<void>();
  const gateway = { state: "configuring", workers: [] as string[] };
  const snapshotOfGateway = () => ({
    matches: (state: string) => state === gateway.state,
    context: { workers: gateway.workers.map((id) => ({ id })) },
  });
  const root = { children: { "gateway.lan": { getSnapshot: snapshotOfGateway } } };
  const roots = new Map([["site", { getSnapshot: () => root }]]);
  const running = { changes, roots } as unknown as Pick<Running, "roots" | "changes">;
  const change = (state: string, workers: string[]) => {
    Object.assign(gateway, { state, workers });
    changes.next();
  };
  return { running, change };
}

describe("the wait for a worker's gateway", () => {
  it("ends after the pass that gives the gateway the worker", () => {
    const { running, change } = supervisor();
    let isOver = false;
    gatewayHas(running, worker).subscribe(() => (isOver = true));
    change("ready", []);
    change("configuring", ["app"]);
    assert.equal(isOver, false);
    change("ready", ["app"]);
    assert.equal(isOver, true);
  });

  it("ends at once if the gateway has the worker already", () => {
    const { running, change } = supervisor();
    change("ready", ["app"]);
    let isOver = false;
    gatewayHas(running, worker).subscribe(() => (isOver = true));
    assert.equal(isOver, true);
  });

  it("ends after two seconds if the gateway cannot be configured", () => {
    mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
    const { running, change } = supervisor();
    let isOver = false;
    gatewayHas(running, worker).subscribe(() => (isOver = true));
    change("degraded", ["app"]);
    mock.timers.tick(1_900);
    assert.equal(isOver, false);
    mock.timers.tick(200);
    assert.equal(isOver, true);
    mock.timers.reset();
  });
});
