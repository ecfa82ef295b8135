import type { Command } from "./command.ts";

/** Each command's module is loaded when it is called: `attach` starts in tens of milliseconds. */
export const commands: Record<
  string,
  { summary: string; load: () => Promise<{ command: Command }> }
> = {
  run: {
    summary: "keep the tunnels of a folder of manifests up, on this host",
    load: () => import("./run.ts"),
  },
  status: { summary: "what is up, and why not", load: () => import("./status.ts") },
  describe: {
    summary: "everything about one connection",
    load: () => import("./describe.ts"),
  },
  inspect: {
    summary: "look into the live state machines",
    load: () => import("./inspect.ts"),
  },
  logs: {
    summary: "what ipman and charon logged of a connection",
    load: () => import("./logs.ts"),
  },
  diagnose: {
    summary: "find out why a connection carries no traffic",
    load: () => import("./diagnose.ts"),
  },
  rekey: { summary: "have CHILD SAs rekeyed now", load: () => import("./rekey.ts") },
  restart: {
    summary: "end a connection's IKE SA and negotiate anew",
    load: () => import("./restart.ts"),
  },
  gather: {
    summary: "an archive for who is asked for help, without secrets",
    load: () => import("./gather.ts"),
  },
  attach: {
    summary: "put a network namespace behind a child",
    load: () => import("./attach.ts"),
  },
  validate: { summary: "check manifests", load: () => import("./validate.ts") },
  operator: {
    summary: "bring IPSecConnections about in a cluster",
    load: () => import("./operator.ts"),
  },
  agent: {
    summary: "keep one CharonGroup's tunnels up, on its node of a cluster",
    load: () => import("./agent.ts"),
  },
  completion: {
    summary: "print what a shell needs to complete these",
    load: () => import("./completion.ts"),
  },
  crds: { summary: "print the custom resource definitions", load: () => import("./crds.ts") },
};
