import { agentConditionTypes } from "../../model/status/condition-types.ts";
import { isReady, stated, type StatedCondition } from "../../model/status/condition.ts";
import type { ConnectionStatus, PathStatus } from "../../model/status/status.ts";
import { longestMessage } from "../../model/api/schema/status.ts";
import { shortened } from "../../model/text/shortened.ts";

/** The part of an IPSecConnection's status that its agent writes. */
export interface AgentStatus {
  readonly observedGeneration: number;
  readonly conditions: readonly StatedCondition[];
  readonly children: readonly StatedChild[];
  /** How many children carry traffic, of how many: `1/2`. */
  readonly childrenReady: string;
  /** The name of the path that carries the traffic; undefined for a connection with one path. */
  readonly activePath?: string;
  readonly paths?: readonly StatedPath[];
}

/** One of several paths of a connection. */
export interface StatedPath {
  readonly name: string;
  readonly state: string;
  readonly role: string;
  readonly remote: string;
  /** Undefined unless the paths are on several nodes. */
  readonly node?: string;
  readonly reason?: string;
  readonly message?: string;
}

interface StatedChild {
  readonly key: string;
  readonly name: string;
  readonly state: string;
  readonly gateway: string;
  /** Largest packet that enters the tunnel whole, in bytes. */
  readonly mtu?: number;
  readonly conditions: readonly StatedCondition[];
}

/** The present status in the API. */
interface KnownStatus {
  readonly conditions?: readonly StatedCondition[];
  readonly children?: readonly StatedChild[];
}

/** The part of a status that an agent writes, in the order in which an agent writes it. */
export function agentPart(status: Partial<AgentStatus> | undefined): Partial<AgentStatus> {
  const { observedGeneration, conditions = [], children = [], childrenReady } = status ?? {};
  const { activePath, paths } = status ?? {};
  return {
    ...(observedGeneration !== undefined && { observedGeneration }),
    ...(childrenReady !== undefined && { childrenReady }),
    ...(activePath !== undefined && { activePath }),
    ...(paths !== undefined && { paths }),
    conditions: conditions.filter(({ type }) => agentConditionTypes.has(type)).toSorted(byType),
    children: children
      .map((child) => ({ ...child, conditions: child.conditions.toSorted(byType) }))
      .toSorted((a, b) => (a.key < b.key ? -1 : 1)),
  };
}

function byType(a: StatedCondition, b: StatedCondition): number {
  return a.type < b.type ? -1 : 1;
}

/** The status to write. Nothing in it changes with time alone. */
export function agentStatus(
  status: ConnectionStatus,
  known: KnownStatus,
  facts: {
    readonly generation: number;
    readonly now: string;
    readonly mtuOf: (key: string) => number | undefined;
  },
): AgentStatus {
  const { generation, now } = facts;
  const children = status.children.map((child): StatedChild => {
    const before = known.children?.find(({ key }) => key === child.key)?.conditions ?? [];
    const mtu = facts.mtuOf(child.key);
    return {
      key: child.key,
      name: child.name,
      state: child.state,
      gateway: child.gateway,
      ...(mtu !== undefined && { mtu }),
      conditions: stated(child.conditions, before, generation, now),
    };
  });
  const ready = status.children.filter(isReady).length;
  return agentPart({
    observedGeneration: generation,
    conditions: stated(status.conditions, known.conditions ?? [], generation, now),
    children,
    childrenReady: `${ready}/${children.length}`,
    ...pathsOf(status),
  }) as AgentStatus;
}

/** Each agent of a connection with several writes the entries of its own paths by itself. */
function pathsOf({
  paths = [],
  leads,
}: ConnectionStatus): Pick<AgentStatus, "activePath" | "paths"> {
  const active = paths.find(({ role }) => role === "active");
  if (active === undefined) return {};
  if (leads !== undefined) return { activePath: active.name };
  return { activePath: active.name, paths: paths.map(statedPath) };
}

/** A path as the status in the API has it. */
export function statedPath({ name, state, role, remote, node, failure }: PathStatus): StatedPath {
  const { reason, message } = failure ?? {};
  return {
    name,
    state,
    role,
    remote,
    ...(node !== undefined && { node }),
    ...(reason !== undefined && { reason }),
    ...(message !== undefined && { message: shortened(message, longestMessage) }),
  };
}
