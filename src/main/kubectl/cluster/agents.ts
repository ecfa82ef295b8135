import {
  digestOf,
  groupIdOf,
  placeOf,
  placesOf,
  type PlacedConnection,
  type Placement,
} from "../../../model/api/group.ts";
import type { KubeObject } from "../../../model/kubernetes/kube-object.ts";
import { label, labelValue } from "../../../model/kubernetes/labels.ts";
import type { Kubectl } from "./kubectl.ts";

/** The Deployment of an agent, with its namespace and group. */
export interface Agent {
  readonly namespace: string;
  readonly name: string;
  /** The digest of the group, as in the label. */
  readonly groupId: string;
  /** The namespace and the name of its CharonGroup, as in the labels; the namespace may be empty. */
  readonly group: string;
  /** Whether its pod is ready, as the cluster sees it. */
  readonly ready: boolean;
}

type AgentDeployment = KubeObject & { readonly status?: { readonly readyReplicas?: number } };

/** The list that `kubectl get -o json` prints. */
export interface ItemList<T> {
  readonly items: readonly T[];
}

type DeclaredConnection = KubeObject & {
  readonly spec: PlacedConnection;
  readonly status?: { readonly activePath?: string; readonly node?: string };
};

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
  const { items } = await kubectl.json<ItemList<AgentDeployment>>("get", ...selected);
  const agents = items.map(({ metadata: { namespace = "", name, labels = {} }, status }) => ({
    namespace,
    name,
    groupId: labels[label.groupId] ?? "",
    group: JSON.stringify([labels[label.groupNamespace], labels[label.group]]),
    ready: (status?.readyReplicas ?? 0) > 0,
  }));
  const namespaces = [...new Set(agents.map(({ namespace }) => namespace))];
  if (namespaces.length <= 1) return agents;
  throw new Error(
    `several namespaces have Deployments that are labelled as agents: ${namespaces.join(", ")}; ` +
      "name the one that ipman is installed in by -n",
  );
}

/**
 * The agents of a connection, those that are ready first. If several have paths of it, that of the
 * active path is before the others.
 *
 * @throws {Error} if the connection or each of its agents does not exist
 */
export async function agentsOf(kubectl: Kubectl, connection: string): Promise<Agents> {
  const { spec, status } = await kubectl.json<DeclaredConnection>(
    "get",
    "ipsecconnection",
    connection,
  );
  const { paths = [] } = spec;
  // The path in the status may have been removed since.
  const active = paths.find(({ name }) => name === status?.activePath) ?? paths[0];
  const all = await agentsIn(kubectl);
  const places = [placeOf(active ?? {}, spec), ...placesOf(spec)];
  const { node } = status ?? {};
  const found = new Set([
    ...places.slice(0, 1).flatMap((place) => agentsAt(place, all, node).slice(0, 1)),
    ...places.flatMap((place) => agentsAt(place, all, node)),
  ]);
  const [first, ...others] = [...found].toSorted((a, b) => Number(b.ready) - Number(a.ready));
  if (first !== undefined) return [first, ...others];
  throw new Error(
    `${connection} has no agent yet: see the condition Placed of kubectl describe ipsecconnection ${connection}`,
  );
}

/**
 * The agents of a place: those of all nodes of a CharonGroup, unless it names one. The labels say
 * which these are, so that no right to read CharonGroups is required.
 *
 * @param node the node of the active path, by the status
 */
function agentsAt(
  { groupRef, nodeName }: Placement,
  all: readonly Agent[],
  node: string | undefined,
): Agent[] {
  const withId = (id: string | undefined) =>
    all.filter(({ groupId }) => id !== undefined && groupId === digestOf([id]));
  if (groupRef === undefined) return withId(groupIdOf({ groupRef, nodeName })).slice(0, 1);
  const onNode = (name: string) =>
    withId(groupIdOf({ groupRef: { ...groupRef, node: name }, nodeName }));
  const ofMain = withId(groupIdOf({ groupRef, nodeName }));
  if (nodeName !== undefined) return [...onNode(nodeName), ...ofMain].slice(0, 1);
  const { namespace, name } = groupRef;
  const group = JSON.stringify([labelValue(namespace), labelValue(name)]);
  const others = all.filter((agent) => agent.group === group);
  return [...new Set([...(node === undefined ? [] : onNode(node)), ...ofMain, ...others])];
}

/** The agents of a connection, the one to ask first. */
type Agents = readonly [Agent, ...Agent[]];

/** The arguments by which kubectl runs `ipman` in an agent's pod. */
export function ipmanIn({ namespace, name }: Agent, ...args: readonly string[]): string[] {
  return ["exec", "-n", namespace, `deployment/${name}`, "-c", "agent", "--", "ipman", ...args];
}
