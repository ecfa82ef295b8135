import { spawn } from "node:child_process";
import { once } from "node:events";
import { end } from "../sites/shell.ts";

/** A local port that reaches a port of a pod, until it is disposed of. */
export interface Forward extends AsyncDisposable {
  readonly port: number;
}

/** Runs `kubectl port-forward` from a free local port. */
export async function forward(
  { file, env }: { readonly file: string; readonly env: NodeJS.ProcessEnv },
  target: string,
  port: number,
): Promise<Forward> {
  const args = ["port-forward", "-n", "ipman-system", target, `:${port}`];
  const child = spawn(file, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  const [output] = (await once(child.stdout, "data")) as [Buffer];
  const [, own] = /127\.0\.0\.1:(\d+)/.exec(output.toString()) ?? [];
  if (own === undefined) throw new Error(`kubectl ${args.join(" ")}: ${output.toString()}`);
  return { port: Number(own), [Symbol.asyncDispose]: () => end(child) };
}
