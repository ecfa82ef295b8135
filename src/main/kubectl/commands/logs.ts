import type { KubeObject } from "../../../model/kubernetes/kube-object.ts";
import { label } from "../../../model/kubernetes/labels.ts";
import { printable } from "../../../model/text/printable.ts";
import { connection } from "../../options/common.ts";
import { flag, text } from "../../options/kinds.ts";
import { agentsOf } from "../cluster/agents.ts";
import { defineClusterCommand } from "../cluster/cluster-options.ts";
import { followLogs } from "./follow-logs.ts";
import { charonLines, merged, ownLines, type LogLine, type LogSource } from "./log-lines.ts";

export const command = defineClusterCommand({
  details: "Prints the lines of operator, agent and charon about the connection, ordered by time.",
  arguments: { connection },
  options: {
    since: text("--since <duration>", "only lines of this time", "1h"),
    follow: flag("-f, --follow", "continue with new lines until interrupted"),
  },
  run: async ({ connection, since, follow }, kubectl) => {
    const agents = await agentsOf(kubectl, connection);
    const { spec } = await kubectl.json<KubeObject & { spec: { name: string } }>(
      "get",
      "ipsecconnection",
      connection,
    );
    const groups = agents.map(({ groupId }) => groupId).join(",");
    const ofGroup = (type: string) => `${label.type}=${type},${label.groupId} in (${groups})`;
    const sources: readonly LogSource[] = [
      {
        selector: "app=ipman-controller",
        linesIn: (log) => ownLines("operator", log, connection),
      },
      { selector: ofGroup("agent"), linesIn: (log) => ownLines("agent", log, connection) },
      { selector: ofGroup("charon"), linesIn: (log) => charonLines(log, spec.name) },
    ];
    const select = (selector: string) => [
      "logs",
      "-n",
      agents[0].namespace,
      "-l",
      selector,
      "--timestamps",
      "--tail=-1",
      `--since=${since}`,
      "--max-log-requests=20",
    ];
    if (follow) return followLogs(kubectl, sources, select, print);
    const lines = await Promise.all(
      sources.map(async ({ selector, linesIn }) => linesIn(await kubectl.run(...select(selector)))),
    );
    print(lines.flat());
    return 0;
  },
});

function print(lines: readonly LogLine[]): void {
  process.stdout.write(
    merged(lines)
      .map((line) => `${printable(line)}\n`)
      .join(""),
  );
}
