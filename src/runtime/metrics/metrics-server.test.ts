import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, it } from "node:test";
import { Registry } from "prom-client";
import { serveMetrics } from "./metrics-server.ts";

const host = "127.0.0.1";
const metrics = { registry: new Registry(), text: async () => "x 1\n" };

describe("the metrics' server", () => {
  it("serves metrics, health and readiness to GET only", async () => {
    await using server = await serveMetrics(`${host}:0`, metrics, () => false);
    const url = `http://${host}:${server.port}`;
    const get = async (path: string, method = "GET") => {
      const answer = await fetch(`${url}${path}`, { method });
      return [answer.status, await answer.text()];
    };
    assert.deepEqual(await get("/metrics"), [200, "x 1\n"]);
    assert.deepEqual(await get("/healthz"), [200, "ok\n"]);
    assert.deepEqual(await get("/readyz"), [503, ""]);
    assert.deepEqual(await get("/metrics", "POST"), [405, ""]);
    assert.equal((await get("/other"))[0], 404);
  });

  it("answers a probe while other clients keep as many connections open as they can", async () => {
    await using server = await serveMetrics(`${host}:0`, metrics);
    const sockets = Array.from({ length: 200 }, () => connect(server.port, host));
    for (const socket of sockets) socket.on("error", () => {}).resume();
    // The server ends some connections before the clients receive the event of their start.
    const settled = (socket: Socket) =>
      Promise.race([once(socket, "connect"), once(socket, "close")]);
    await Promise.allSettled(sockets.map(settled));
    assert.equal((await fetch(`http://${host}:${server.port}/healthz`)).status, 200);
    while (sockets.filter(({ closed }) => !closed).length > 64) await new Promise(setImmediate);
    for (const socket of sockets) socket.destroy();
  });
});
