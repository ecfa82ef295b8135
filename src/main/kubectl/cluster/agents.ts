import { digestOf, groupIdOf } from "../../../model/api/group.ts";
import type { KubeObject } from "../../../model/kubernetes/kube-object.ts";
import { label } from "../../../model/kubernetes/labels.ts";
import type { Connection } from "../../../model/api/connection.ts";
import type { Kubectl } from "./kubectl.ts";

/** The Deployment of an agent, with its namespace and group. */
export interface Agent {
  readonly namespace: string;
  readonly name: string;
  /** The digest of the group, as in the label. */
  readonly groupId: string;
}

/** The list that `kubectl get -o json` prints. */
export interface ItemList<T> {
  readonly items: readonly T[];
}

type DeclaredConnection = KubeObject & { readonly spec: Pick<Connection, "groupRef" | "nodeName"> };

/**
 * Every agent of the cluster. A label proves nothing: a user who may create Deployments in a
 * namespace can make one that looks like an agent. Therefore all must be in one namespace.
 *
 * @throws {Error} if several namespaces have agents, and the user did not name one
 */
export async function agentsIn(kubectl: Kubectl): Promise<Agent[]> {
  const { namespace: chosen } = kubectl;
  const place = chosen === undefined ? ["-A"] : ["-n", chosen];
  const selected = ["deployments", ...place, "-l", `${label.type}=agent`];
  const { items } = await kubectl.json<ItemList<KubeObject>>("get", ...selected);
  const agents = items.map(({ metadata: { namespace = "", name, labels = {} } }) => ({
    namespace,
    name,
    groupId: labels[label.groupId] ?? "",
  }));
  const namespaces = [...new Set(agents.map(({ namespace }) => namespace))];
  if (namespaces.length <= 1) return agents;
  throw new Error(
    `several namespaces have Deployments that are labelled as agents: ${namespaces.join(", ")}; ` +
      "name the one that ipman is installed in by -n",
  );
}

/** The agent of a connection. @throws {Error} if the connection or its agent does not exist */
export async function agentOf(kubectl: Kubectl, connection: string): Promise<Agent> {
  const { spec } = await kubectl.json<DeclaredConnection>("get", "ipsecconnection", connection);
  const group = groupIdOf(spec);
  const agents = await agentsIn(kubectl);
  const agent = agents.find(({ groupId }) => groupId === digestOf([group ?? ""]));
  if (agent !== undefined) return agent;
  throw new Error(
    `${connection} has no agent yet: see the condition Placed of kubectl describe ipsecconnection ${connection}`,
  );
}

/** The arguments by which kubectl runs `ipman` in an agent's pod. */
export function ipmanIn({ namespace, name }: Agent, ...args: readonly string[]): string[] {
  return ["exec", "-n", namespace, `deployment/${name}`, "-c", "agent", "--", "ipman", ...args];
}
