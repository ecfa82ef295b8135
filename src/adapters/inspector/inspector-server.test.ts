import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { describe, it } from "node:test";
import { createWebSocketReceiver } from "@statelyai/inspect";
import { NEVER, concat, finalize, of, timer, map } from "rxjs";
import { WebSocket } from "ws";
import { eventually } from "../../../lab/sites/shell.ts";
import { InspectorServer } from "./inspector-server.ts";

const messages = [{ type: "@xstate.actor", name: "partner" }, { type: "@xstate.event" }];
let viewers = 0;
const source = () => {
  viewers++;
  return concat(of(...messages), NEVER).pipe(finalize(() => void viewers--));
};
const listen = (address = "127.0.0.1:0") => InspectorServer.listen(address, source);

/** The response's status for a plain request with these headers. */
async function statusOf(url: string, headers: Record<string, string>): Promise<number | undefined> {
  const [response] = (await once(request(url, { headers }).end(), "response")) as [
    { statusCode?: number; resume: () => void },
  ];
  response.resume();
  return response.statusCode;
}

describe("the inspector's server", () => {
  it("serves a page that loads nothing from other servers", async () => {
    await using server = await listen();
    for (const name of ["", "index.html", "style.css", "main.js", "elk-worker.js"]) {
      const response = await fetch(server.url + name);
      assert.equal(response.status, 200, name);
      assert.match(response.headers.get("content-security-policy") ?? "", /default-src 'none'/);
      const text = await response.text();
      assert.ok(text.length > 100, name);
      if (name !== "elk-worker.js") assert.doesNotMatch(text, /(src|href)="https?:|url\(http/);
    }
    for (const name of ["main.ts", "%2e%2e/package.json", "constructor", "page.ts"]) {
      assert.equal((await fetch(server.url + name)).status, 404, name);
    }
    assert.equal((await fetch(server.url, { method: "POST" })).status, 405);
  });

  it("listens on loopback addresses only", async () => {
    for (const address of ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", ":0", "9741"]) {
      await assert.rejects(listen(address), /this machine only/, address);
    }
    await using server = await listen("[::1]:0");
    assert.equal((await fetch(server.url)).status, 200);
  });

  it("refuses requests that name another host or come from another page", async () => {
    await using server = await listen();
    const { port, host } = new URL(server.url);
    assert.equal(await statusOf(server.url, { host: "evil.example" }), 403);
    assert.equal(await statusOf(server.url, { host: `evil.example:${port}` }), 403);
    assert.equal(await statusOf(server.url, { origin: "http://evil.example" }), 403);
    assert.equal(await statusOf(server.url, { host: `localhost:1${port}` }), 200);
    for (const headers of [{ host: "evil.example" }, { origin: "http://evil.example" }]) {
      const socket = new WebSocket(`ws://${host}/`, { headers });
      const [error] = (await once(socket, "error")) as [Error];
      assert.match(error.message, /403/);
    }
    assert.equal(viewers, 0);
  });

  it("sends its page the messages in batches, each message once", async () => {
    await using server = await listen();
    const socket = new WebSocket(`${server.url.replace("http", "ws")}?page`);
    const [message] = (await once(socket, "message")) as [Buffer];
    assert.deepEqual(JSON.parse(message.toString()), messages);
    assert.equal(viewers, 1);
    socket.close();
    await eventually(() => assert.equal(viewers, 0));
  });

  it("sends a Stately viewer one message at a time", async () => {
    await using server = await listen();
    const seen: unknown[] = [];
    const receiver = createWebSocketReceiver({ server: server.url.replace("http", "ws") });
    receiver.subscribe((event) => seen.push(event));
    await eventually(() => assert.deepEqual(seen, messages));
  });

  it("disconnects a viewer that does not read", async () => {
    let ended = false;
    const flood = timer(0, 1).pipe(
      map(() => ({ text: "x".repeat(1_000_000) })),
      finalize(() => (ended = true)),
    );
    await using server = await InspectorServer.listen("127.0.0.1:0", () => flood);
    const socket = new WebSocket(server.url.replace("http", "ws"));
    socket.on("error", () => {});
    await once(socket, "open");
    socket.pause();
    await eventually(() => assert.ok(ended), 10_000);
    socket.terminate();
  });
});
