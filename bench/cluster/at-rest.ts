import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { LabCluster } from "../../lab/cluster/cluster.ts";

/** The cost of a time without changes: seconds of processor, and writes of a connection's status. */
export interface Cost {
  /** Operators and agents. */
  readonly ipman: number;
  readonly server: number;
  readonly writes: number;
}

/** The cost of a minute without changes. */
export async function costAtRest(cluster: LabCluster): Promise<Cost> {
  const before = await costs(cluster);
  await pause(60_000);
  const after = await costs(cluster);
  return {
    ipman: after.ipman - before.ipman,
    server: after.server - before.server,
    writes: after.writes - before.writes,
  };
}

async function costs(cluster: LabCluster): Promise<Cost> {
  const ticks = (stat: string) => {
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(fields[11]) + Number(fields[12]);
  };
  let ipman = 0;
  for (const node of Object.values(cluster.nodes)) {
    const stats = await node.sh("for p in $(pgrep -f /app/ipman.js); do cat /proc/$p/stat; done");
    for (const stat of stats.split("\n").filter(Boolean)) ipman += ticks(stat) / 100;
  }
  const pid = cluster.plane.pidOf("kube-apiserver");
  const server = ticks(readFileSync(`/proc/${pid}/stat`, "utf8")) / 100;
  return { ipman, server, writes: statusWrites(cluster.kubectl("get", "--raw", "/metrics")) };
}

/** The writes of a connection's status by any client, as the API server counts them. */
function statusWrites(metrics: string): number {
  const lines = metrics.split("\n").filter((line) => {
    const isOurs = line.includes('resource="ipsecconnections"');
    const isStatus = line.includes('subresource="status"');
    return line.startsWith("apiserver_request_total{") && isOurs && isStatus;
  });
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}
