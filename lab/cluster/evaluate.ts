#!/usr/bin/env node
import { setTimeout as sleep } from "node:timers/promises";

/*
 * Evaluates an expression in another process of Node, by its inspector, and prints the value as JSON:
 * `evaluate.ts PID EXPRESSION`. SIGUSR1 makes Node open the inspector on 127.0.0.1.
 */

const inspector = "http://127.0.0.1:9229/json/list";
const deadlineMs = 30_000;

interface Answer {
  readonly result?: {
    readonly result: { readonly value?: unknown; readonly description?: string };
    readonly exceptionDetails?: unknown;
  };
  readonly error?: { readonly message: string };
}

const [pid, expression = ""] = process.argv.slice(2);
process.kill(Number(pid), "SIGUSR1");
process.stdout.write(`${JSON.stringify(await evaluated(await debuggerUrl(), expression))}\n`);

async function debuggerUrl(): Promise<string> {
  const until = performance.now() + deadlineMs;
  for (;;) {
    try {
      const targets = (await (await fetch(inspector)).json()) as { webSocketDebuggerUrl: string }[];
      if (targets[0] !== undefined) return targets[0].webSocketDebuggerUrl;
    } catch (error) {
      if (performance.now() > until) throw error;
    }
    await sleep(50);
  }
}

function evaluated(url: string, text: string): Promise<unknown> {
  const socket = new WebSocket(url);
  return new Promise((resolve, reject) => {
    socket.addEventListener("error", () => reject(new Error(`${url} does not answer`)));
    socket.addEventListener("open", () => {
      const params = { expression: text, returnByValue: true };
      socket.send(JSON.stringify({ id: 1, method: "Runtime.evaluate", params }));
    });
    socket.addEventListener("message", ({ data }) => {
      const { result, error } = JSON.parse(String(data)) as Answer;
      if (error !== undefined) reject(new Error(error.message));
      else if (result?.exceptionDetails !== undefined) reject(new Error(result.result.description));
      else resolve(result?.result.value);
      socket.close();
    });
  });
}
