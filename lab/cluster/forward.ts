import { spawn } from "node:child_process";
import { once } from "node:events";
import { end } from "../sites/shell.ts";

/** A port of a pod that is reached here, as long as it is not disposed of. */
export interface Forward extends AsyncDisposable {
  readonly port: number;
}

/** `kubectl port-forward` to a port, from one that is free here. */
export async function forward(
  { file, env }: { readonly file: string; readonly env: NodeJS.ProcessEnv },
  target: string,
  port: number,
): Promise<Forward> {
  const args = ["port-forward", "-n", "ipman-system", target, `:${port}`];
  const child = spawn(file, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  const [, own] = /127\.0\.0\.1:(\d+)/.exec(said.toString()) ?? [];
  if (own === undefined) throw new Error(`kubectl ${args.join(" ")}: ${said.toString()}`);
  return { port: Number(own), [Symbol.asyncDispose]: () => end(child) };
}
