import type { KubeObject } from "../../model/kubernetes/kube-object.ts";
import { printable } from "../../model/text/printable.ts";
import { label } from "../../model/kubernetes/labels.ts";
import { textOption, type Values } from "../options/command.ts";
import { agentOf } from "./agents.ts";
import type { Kubectl } from "./kubectl.ts";
import { charonLines, merged, ownLines } from "./log-lines.ts";

/** What operators, agent and charon have logged of a connection, by time. */
export async function logs(kubectl: Kubectl, values: Values, connection: string): Promise<number> {
  const since = textOption(values, "since", "1h");
  const agent = await agentOf(kubectl, connection);
  const declared = await kubectl.json<KubeObject & { spec: { name: string } }>(
    "get",
    "ipsecconnection",
    connection,
  );
  const of = (selector: string) =>
    kubectl.run(
      "logs",
      "-n",
      agent.namespace,
      "-l",
      selector,
      "--timestamps",
      "--tail=-1",
      `--since=${since}`,
      "--max-log-requests=20",
    );
  const ofGroup = (type: string) => `${label.type}=${type},${label.groupId}=${agent.groupId}`;
  const [operators, agents, charons] = await Promise.all([
    of("app=ipman-controller"),
    of(ofGroup("agent")),
    of(ofGroup("charon")),
  ]);
  const lines = merged([
    ...ownLines("operator", operators, connection),
    ...ownLines("agent", agents, connection),
    ...charonLines(charons, declared.spec.name),
  ]);
  process.stdout.write(lines.map((line) => `${printable(line)}\n`).join(""));
  return 0;
}
