import { spawn } from "node:child_process";
import { once } from "node:events";
import { connection } from "../../options/common.ts";
import { flag, integer } from "../../options/kinds.ts";
import { agentsOf } from "../cluster/agents.ts";
import { defineClusterCommand } from "../cluster/cluster-options.ts";

const inspectorPort = "9741";

/** Forwards the inspector of a connection's agent to this machine, and opens it. */
export const command = defineClusterCommand({
  details:
    "Forwards a port of this machine to the inspector of the connection's agent until interrupted.",
  arguments: { connection },
  options: {
    port: integer("--port <port>", "the port of this machine; 0 for any that is free", {
      least: 0,
      most: 65_535,
      fallback: 0,
    }),
    open: flag("--no-open", "print the address only"),
  },
  run: async ({ connection, port, open }, kubectl) => {
    const [{ namespace, name }] = await agentsOf(kubectl, connection);
    const target = ["port-forward", "-n", namespace, `deployment/${name}`];
    const ports = `${port === 0 ? "" : port}:${inspectorPort}`;
    const forward = kubectl.start(["ignore", "pipe", "inherit"], [...target, ports]);
    const ended = once(forward, "close") as Promise<[number | null]>;
    const first = await Promise.race([
      once(forward.stdout as NodeJS.ReadableStream, "data"),
      ended,
    ]);
    const localPort = /127\.0\.0\.1:(\d+)/.exec(String(first[0]))?.[1];
    if (localPort === undefined) throw new Error("the port-forward ended before it started");
    const url = `http://127.0.0.1:${localPort}/#${encodeURIComponent(connection)}`;
    process.stdout.write(`${url}\nCtrl-C ends it.\n`);
    if (open) openBrowser(url);
    const [status] = await ended;
    return status ?? 0;
  },
});

/** Opens the system's browser, if there is one. */
function openBrowser(url: string): void {
  const program = process.platform === "darwin" ? "open" : "xdg-open";
  const browser = spawn(program, [url], { stdio: "ignore", detached: true });
  browser.on("error", () => {});
  browser.unref();
}
