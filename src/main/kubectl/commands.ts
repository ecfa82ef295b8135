import { commands as hostCommands } from "../commands.ts";
import type { ListedCommand } from "../options/command.ts";

/** The commands of `kubectl ipman`; those of the same name do what `ipman` does in a pod. */
export const commands: Readonly<Record<string, ListedCommand>> = {
  status: {
    summary: hostCommands.status.summary,
    load: async () => (await import("./commands/status.ts")).command,
  },
  describe: {
    summary: hostCommands.describe.summary,
    load: async () => (await import("./commands/describe.ts")).command,
  },
  diagnose: {
    summary: "find out why a connection carries no traffic, or why a Service does not work",
    load: async () => (await import("./commands/diagnose.ts")).command,
  },
  inspect: {
    summary: "open the live state charts of a connection in a browser",
    load: async () => (await import("./commands/inspect.ts")).command,
  },
  logs: {
    summary: "show what operator, agent and charon logged about a connection",
    load: async () => (await import("./commands/logs.ts")).command,
  },
  rekey: {
    summary: hostCommands.rekey.summary,
    load: async () => (await import("./commands/agent-commands.ts")).rekey,
  },
  move: {
    summary: hostCommands.move.summary,
    load: async () => (await import("./commands/agent-commands.ts")).move,
  },
  restart: {
    summary: hostCommands.restart.summary,
    load: async () => (await import("./commands/agent-commands.ts")).restart,
  },
  gather: {
    summary: hostCommands.gather.summary,
    load: async () => (await import("./commands/gather.ts")).command,
  },
};
