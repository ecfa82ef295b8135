import { commands } from "./commands.ts";
import type { Program } from "./options/command.ts";

/** The program `ipman`. */
export const program: Program = {
  name: "ipman",
  title: "IPsec site-to-site tunnels, declared as YAML and kept up by state machines.",
  commands,
  globals: {},
  notes: `
"ipman help COMMAND" explains a command. A first tunnel on a host with charon:

  ipman validate /etc/ipman                  # every problem, with its place
  ipman run /etc/ipman &                     # the folder with the manifests
  ipman status --watch
  ipman attach --netns app --connection CONNECTION --child CHILD`,
};

/** `ipman`; returns the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  const [first, ...rest] = args;
  if (first === "attach") {
    const { attachQuickly } = await import("./commands/attach.ts");
    const status = await attachQuickly(rest);
    if (status !== undefined) return status;
  }
  if (first === "__complete") {
    const { complete } = await import("./completion/complete.ts");
    const { HostNames } = await import("./completion/host-names.ts");
    return complete(program, rest, (values) => new HostNames(values));
  }
  const { runProgram } = await import("./program/run-program.ts");
  return runProgram(program, args);
}
