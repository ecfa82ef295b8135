import { digestOf, groupIdOf } from "../../model/api/group.ts";
import type { KubeObject } from "../../model/kubernetes/kube-object.ts";
import { label } from "../../model/kubernetes/labels.ts";
import type { Connection } from "../../model/api/connection.ts";
import type { Kubectl } from "./kubectl.ts";

/** The Deployment of an agent, and whose it is. */
export interface Agent {
  readonly namespace: string;
  readonly name: string;
  /** As its label has it. */
  readonly groupId: string;
}

/** What `kubectl get -o json` prints of several objects. */
export interface ItemList<T> {
  readonly items: readonly T[];
}

type DeclaredConnection = KubeObject & { readonly spec: Pick<Connection, "groupRef" | "nodeName"> };

/**
 * Every agent of the cluster. A label proves nothing: who may create Deployments in a namespace
 * can have one that looks like an agent. So all have to be in one namespace.
 *
 * @throws where several namespaces have agents, and the user did not name one
 */
export async function agentsIn(kubectl: Kubectl): Promise<Agent[]> {
  const { namespace: chosen } = kubectl;
  const place = chosen === undefined ? ["-A"] : ["-n", chosen];
  const wanted = ["deployments", ...place, "-l", `${label.type}=agent`];
  const { items } = await kubectl.json<ItemList<KubeObject>>("get", ...wanted);
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

/** The agent that a connection is at. @throws where there is no such connection, or no agent yet */
export async function agentOf(kubectl: Kubectl, connection: string): Promise<Agent> {
  const { spec } = await kubectl.json<DeclaredConnection>("get", "ipsecconnection", connection);
  const group = groupIdOf(spec);
  const agents = await agentsIn(kubectl);
  const found = agents.find(({ groupId }) => groupId === digestOf([group ?? ""]));
  if (found !== undefined) return found;
  throw new Error(
    `${connection} has no agent yet: see the condition Placed of kubectl describe ipsecconnection ${connection}`,
  );
}

/** The arguments by which kubectl runs `ipman` in an agent's pod. */
export function ipmanIn({ namespace, name }: Agent, ...args: readonly string[]): string[] {
  return ["exec", "-n", namespace, `deployment/${name}`, "-c", "agent", "--", "ipman", ...args];
}
