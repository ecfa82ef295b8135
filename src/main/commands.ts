import type { ListedCommand } from "./options/command.ts";

/** The commands of `ipman`. */
export const commands = {
  run: {
    summary: "keep the tunnels of a folder of manifests up on this host",
    load: async () => (await import("./daemons/run.ts")).command,
  },
  status: {
    summary: "show which connections are up, and why others are not",
    load: async () => (await import("./commands/status.ts")).command,
  },
  describe: {
    summary: "show all details of a connection",
    load: async () => (await import("./commands/describe.ts")).command,
  },
  inspect: {
    summary: "show the live state machines",
    load: async () => (await import("./commands/inspect.ts")).command,
  },
  logs: {
    summary: "show what ipman and charon logged about a connection",
    load: async () => (await import("./commands/logs.ts")).command,
  },
  diagnose: {
    summary: "find out why a connection carries no traffic",
    load: async () => (await import("./commands/diagnose.ts")).command,
  },
  rekey: {
    summary: "rekey the CHILD SAs of a connection now",
    load: async () => (await import("./commands/rekey.ts")).command,
  },
  move: {
    summary: "move the traffic of a connection to another of its paths",
    load: async () => (await import("./commands/move.ts")).command,
  },
  restart: {
    summary: "end the IKE SAs of a connection and negotiate again",
    load: async () => (await import("./commands/restart.ts")).command,
  },
  gather: {
    summary: "make an archive for support, without secrets",
    load: async () => (await import("./commands/gather.ts")).command,
  },
  attach: {
    summary: "attach a network namespace to a child",
    load: async () => (await import("./commands/attach.ts")).command,
  },
  validate: {
    summary: "check manifests",
    load: async () => (await import("./commands/validate.ts")).command,
  },
  operator: {
    summary: "deploy declared IPSecConnections in a cluster",
    load: async () => (await import("./daemons/operator.ts")).command,
  },
  agent: {
    summary: "keep the tunnels of a CharonGroup up on its node of a cluster",
    load: async () => (await import("./daemons/agent.ts")).command,
  },
  completion: {
    summary: "print a script for completion in a shell",
    load: async () => (await import("./commands/completion.ts")).command,
  },
  crds: {
    summary: "print the custom resource definitions",
    load: async () => (await import("./commands/crds.ts")).command,
  },
} satisfies Readonly<Record<string, ListedCommand>>;
