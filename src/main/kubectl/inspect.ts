import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Values } from "../options/command.ts";
import { agentOf } from "./agents.ts";
import type { Kubectl } from "./kubectl.ts";

const inspectorPort = "9741";

/** Brings the inspector of a connection's agent here, and opens it. */
export async function inspect(
  kubectl: Kubectl,
  values: Values,
  connection: string,
): Promise<number> {
  const { namespace, name } = await agentOf(kubectl, connection);
  const port = typeof values["port"] === "string" ? values["port"] : "";
  const target = ["port-forward", "-n", namespace, `deployment/${name}`];
  const forward = kubectl.start(
    ["ignore", "pipe", "inherit"],
    [...target, `${port}:${inspectorPort}`],
  );
  const ended = once(forward, "close") as Promise<[number | null]>;
  const said = await Promise.race([once(forward.stdout as NodeJS.ReadableStream, "data"), ended]);
  const own = /127\.0\.0\.1:(\d+)/.exec(String(said[0]))?.[1];
  if (own === undefined) throw new Error("the port-forward ended before it began");
  const url = `http://127.0.0.1:${own}/#${encodeURIComponent(connection)}`;
  process.stdout.write(`${url}\nCtrl-C ends it.\n`);
  if (values["no-open"] !== true) open(url);
  const [status] = await ended;
  return status ?? 0;
}

/** In whatever browser there is; one who has none reads the address. */
function open(url: string): void {
  const program = process.platform === "darwin" ? "open" : "xdg-open";
  const browser = spawn(program, [url], { stdio: "ignore", detached: true });
  browser.on("error", () => {});
  browser.unref();
}
