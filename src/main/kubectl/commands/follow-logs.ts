import { setTimeout as sleep } from "node:timers/promises";
import type { Kubectl } from "../cluster/kubectl.ts";
import type { LogLine, LogSource } from "./log-lines.ts";

/** Lines of several pods are put in order within this time. */
const gatherMs = 300;

/** Prints new lines of the sources as they come, until they end; returns the exit status. */
export async function followLogs(
  kubectl: Kubectl,
  sources: readonly LogSource[],
  select: (selector: string) => readonly string[],
  print: (lines: readonly LogLine[]) => void,
): Promise<number> {
  const ended = new AbortController();
  const waiting: LogLine[] = [];
  const follow = async ({ selector, linesIn }: LogSource): Promise<void> => {
    for await (const line of kubectl.lines(ended.signal, ...select(selector), "--follow"))
      waiting.push(...linesIn(line));
  };
  const all = Promise.all(sources.map(follow)).finally(() => ended.abort());
  while (!ended.signal.aborted) {
    await Promise.race([sleep(gatherMs), all.catch(() => {})]);
    print(waiting.splice(0));
  }
  await all;
  return 0;
}
