import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { NEVER } from "rxjs";
import { pino } from "pino";
import { eventually } from "../../../lab/sites/shell.ts";
import type { Inspected } from "../../runtime/inspector/inspection.ts";
import { Metrics } from "../../runtime/metrics/metrics.ts";
import { servePages } from "./serve-pages.ts";

describe("the pages of ipman run", () => {
  it("are served once their ports are free, with a warning that names the option until then", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const address = `127.0.0.1:${port}`;
    const lines: string[] = [];
    const log = pino({ level: "warn" }, { write: (line: string) => void lines.push(line) });
    using metrics = new Metrics();
    await using resources = new AsyncDisposableStack();
    const supervisor = { rootActors: [], changes: NEVER } as unknown as Inspected;
    await servePages({ metrics: address, inspect: "off" }, { supervisor, metrics, log }, resources);
    const { level, msg } = JSON.parse(lines[0] ?? "{}") as { level: number; msg: string };
    assert.equal(level, 40);
    assert.match(msg, new RegExp(`--metrics ${address}: the address is in use by another process`));
    assert.match(msg, /tunnels do not need it.*--metrics HOST:PORT, or --metrics off/);
    await new Promise((resolve) => other.close(resolve));
    await eventually(async () => {
      const response = await fetch(`http://${address}/healthz`);
      assert.equal(await response.text(), "ok\n");
    });
    assert.equal(lines.length, 1);
  });

  it("end the start for an address that can never be served", async () => {
    using metrics = new Metrics();
    await using resources = new AsyncDisposableStack();
    const supervisor = {} as unknown as Inspected;
    const pages = { supervisor, metrics, log: pino({ enabled: false }) };
    await assert.rejects(
      servePages({ metrics: "off", inspect: "0.0.0.0:9741" }, pages, resources),
      /this machine only/,
    );
  });
});
