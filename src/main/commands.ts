import type { Command } from "./options/command.ts";

/** Each command's module is loaded when it is called: `attach` starts in tens of milliseconds. */
export const commands: Record<
  string,
  { summary: string; load: () => Promise<{ command: Command }> }
> = {
  run: {
    summary: "keep the tunnels of a folder of manifests up, on this host",
    load: () => import("./daemons/run.ts"),
  },
  status: { summary: "what is up, and why not", load: () => import("./commands/status.ts") },
  describe: {
    summary: "everything about one connection",
    load: () => import("./commands/describe.ts"),
  },
  inspect: {
    summary: "look into the live state machines",
    load: () => import("./commands/inspect.ts"),
  },
  logs: {
    summary: "what ipman and charon logged of a connection",
    load: () => import("./commands/logs.ts"),
  },
  diagnose: {
    summary: "find out why a connection carries no traffic",
    load: () => import("./commands/diagnose.ts"),
  },
  rekey: { summary: "have CHILD SAs rekeyed now", load: () => import("./commands/rekey.ts") },
  restart: {
    summary: "end a connection's IKE SA and negotiate anew",
    load: () => import("./commands/restart.ts"),
  },
  gather: {
    summary: "an archive for who is asked for help, without secrets",
    load: () => import("./commands/gather.ts"),
  },
  attach: {
    summary: "put a network namespace behind a child",
    load: () => import("./commands/attach.ts"),
  },
  validate: { summary: "check manifests", load: () => import("./commands/validate.ts") },
  operator: {
    summary: "bring IPSecConnections about in a cluster",
    load: () => import("./daemons/operator.ts"),
  },
  agent: {
    summary: "keep one CharonGroup's tunnels up, on its node of a cluster",
    load: () => import("./daemons/agent.ts"),
  },
  completion: {
    summary: "print what a shell needs to complete these",
    load: () => import("./completion.ts"),
  },
  crds: {
    summary: "print the custom resource definitions",
    load: () => import("./commands/crds.ts"),
  },
};
