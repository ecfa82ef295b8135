import type { Connection, Path } from "../../../model/api/connection.ts";
import { digestOf, groupIdOf, groupIdsOf } from "../../../model/api/group.ts";
import { hasDigestOf, type KubeObject } from "../../../model/kubernetes/kube-object.ts";
import { label } from "../../../model/kubernetes/labels.ts";
import { isUp, type PublicState } from "../../../model/status/public-state.ts";

/** The facts by which the next charon to replace is chosen. */
export interface RolloutFacts {
  /** By key. */
  readonly wanted: ReadonlyMap<string, KubeObject>;
  /** The Deployments at the API server, by key. */
  readonly existing: ReadonlyMap<string, KubeObject>;
  readonly connections: Iterable<Connection>;
  /** The group of the path that carries a connection's traffic. */
  readonly activeGroup: (connection: Connection) => string | undefined;
  /** The state of a path by the connection's status; undefined if the status does not have it. */
  readonly stateOf: (connection: Connection, path: string) => string | undefined;
}

export interface CharonRolloutOptions {
  /** Called when a group has waited for long enough. */
  readonly onChange: () => void;
  /** Receives why a charon waits, and why one is replaced although others do not run. */
  readonly report: (words: string) => void;
}

/** How long a charon waits for those of other nodes; longer than an image takes to be pulled, in milliseconds. */
export const mostWaitMs = 180_000;

/** How long a node whose pods run is left in peace before the next one is replaced, in milliseconds. */
export const settleMs = 5_000;

/** A group that shares connections with others. */
interface SharingGroup {
  readonly id: string;
  /** The connections that it shares. */
  readonly shared: Set<Connection>;
  /** The keys of the Deployments of its charon and its gateways. */
  readonly keys: string[];
  /** The key of the Deployment of its agent, which moves the traffic. */
  agent: string | undefined;
  /** The number of connections whose traffic it carries. */
  active: number;
}

/** A reason to wait for another group. */
interface Lack {
  /** The same while the other group makes no progress. */
  readonly step: string;
  readonly why: string;
}

/** A group that waits. */
interface Waiting {
  step: string;
  why: string;
  /** The steps since it waits: one that returns is not progress. */
  readonly steps: Set<string>;
  /** Since the last progress of the others. */
  longest: NodeJS.Timeout | undefined;
  /** Since all others run. */
  settling: NodeJS.Timeout | undefined;
  isOver: boolean;
}

/**
 * The order in which another image, or another change of their pods, replaces charon and gateways on the
 * nodes of a connection: one node at a time, those that stand by first, and the next one as soon as the
 * paths of the one before stand by again. A node that does not come up delays the others, and does
 * not block them.
 */
export class CharonRollout implements Disposable {
  readonly #options: CharonRolloutOptions;
  readonly #waiting = new Map<string, Waiting>();

  constructor(options: CharonRolloutOptions) {
    this.#options = options;
  }

  /** Whether a charon waits, so that the states of paths matter. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** The keys of the Deployments that stay as they are for now. */
  held(facts: RolloutFacts): ReadonlySet<string> {
    const members = membersOf(facts);
    const outdated = [...members.values()]
      .filter(({ keys }) => keys.some((key) => isOutdated(key, facts)))
      .toSorted((a, b) => a.active - b.active || (a.id < b.id ? 1 : -1));
    const held = new Set<string>();
    const waiting = new Set<string>();
    for (const [i, member] of outdated.entries()) {
      const earlier = new Set(outdated.slice(0, i));
      const lacks = lacksOf(member, neighboursOf(member, members), earlier, facts);
      if (lacks.length === 0 && !this.#waiting.has(member.id)) continue;
      waiting.add(member.id);
      if (!this.#waits(member.id, lacks)) continue;
      for (const key of member.keys.filter((one) => isOutdated(one, facts))) held.add(key);
    }
    for (const id of this.#waiting.keys()) if (!waiting.has(id)) this.#forget(id);
    return held;
  }

  [Symbol.dispose](): void {
    for (const id of this.#waiting.keys()) this.#forget(id);
  }

  /** Whether a group still waits; the time begins again with each further step of the others. */
  #waits(id: string, lacks: readonly Lack[]): boolean {
    const step = lacks.map((lack) => lack.step).join("; ");
    const why = lacks.map((lack) => lack.why).join("; ");
    const waiting = this.#waiting.get(id) ?? waitingFrom();
    this.#waiting.set(id, waiting);
    if (waiting.isOver) return false;
    const isOther = waiting.steps.size === 0 || waiting.step !== step;
    if (!isOther) return true;
    const isFurther = step !== "" && !waiting.steps.has(step);
    waiting.steps.add(step);
    Object.assign(waiting, { step, why });
    clearTimeout(waiting.settling);
    if (step === "") waiting.settling = setTimeout(() => this.#end(id, waiting), settleMs);
    if (isFurther) {
      clearTimeout(waiting.longest);
      waiting.longest = setTimeout(() => this.#end(id, waiting), mostWaitMs);
      this.#options.report(`charon of ${id} is replaced later: ${why}`);
    }
    return true;
  }

  #end(id: string, waiting: Waiting): void {
    clearTimeout(waiting.longest);
    clearTimeout(waiting.settling);
    waiting.isOver = true;
    const { why } = waiting;
    if (why !== "") this.#options.report(`charon of ${id} is replaced now although ${why}`);
    this.#options.onChange();
  }

  #forget(id: string): void {
    const waiting = this.#waiting.get(id);
    clearTimeout(waiting?.longest);
    clearTimeout(waiting?.settling);
    this.#waiting.delete(id);
  }
}

function waitingFrom(): Waiting {
  return {
    step: "",
    why: "",
    steps: new Set(),
    longest: undefined,
    settling: undefined,
    isOver: false,
  };
}

/** The groups that have paths of a connection with others, by id. */
function membersOf({ connections, wanted, activeGroup }: RolloutFacts): Map<string, SharingGroup> {
  const members = new Map<string, SharingGroup>();
  for (const connection of connections) {
    const ids = groupIdsOf(connection);
    if (ids.length < 2) continue;
    const active = activeGroup(connection);
    for (const id of ids) {
      const member = members.get(id) ?? {
        id,
        shared: new Set(),
        keys: [],
        agent: undefined,
        active: 0,
      };
      members.set(id, member);
      member.shared.add(connection);
      if (id === active) member.active += 1;
    }
  }
  if (members.size === 0) return members;
  const byDigest = new Map([...members.values()].map((member) => [digestOf([member.id]), member]));
  for (const [key, { metadata }] of wanted) {
    const { [label.type]: type, [label.groupId]: groupId = "" } = metadata.labels ?? {};
    const member = byDigest.get(groupId);
    if (member === undefined) continue;
    if (type === "agent") member.agent = key;
    else if (type === "charon" || type === "xfrm") member.keys.push(key);
  }
  return members;
}

function neighboursOf(
  member: SharingGroup,
  members: ReadonlyMap<string, SharingGroup>,
): SharingGroup[] {
  const ids = new Set([...member.shared].flatMap((connection) => groupIdsOf(connection)));
  ids.delete(member.id);
  return [...ids].flatMap((id) => members.get(id) ?? []);
}

/** Whether a Deployment exists and its pod is to be replaced. */
function isOutdated(key: string, { wanted, existing }: RolloutFacts): boolean {
  const [object, actual] = [wanted.get(key), existing.get(key)];
  return object !== undefined && actual !== undefined && !hasDigestOf(actual, object);
}

/** Why a group has to wait: for its neighbours, and for its own agent. */
function lacksOf(
  member: SharingGroup,
  neighbours: readonly SharingGroup[],
  earlier: ReadonlySet<SharingGroup>,
  facts: RolloutFacts,
): Lack[] {
  const hasAgent = agentOf(member).every((key) => isAvailable(facts.existing.get(key)));
  const ofNeighbours = neighbours.flatMap((other): Lack[] => {
    const { id } = other;
    if (earlier.has(other)) return [{ step: `${id} is outdated`, why: `${id} is replaced first` }];
    const why = lackOf(other, member, facts);
    return why === undefined ? [] : [{ step: id, why: `${id} ${why}` }];
  });
  return hasAgent
    ? ofNeighbours
    : [{ step: "agent", why: "its agent does not run" }, ...ofNeighbours];
}

/** Why a group cannot carry the traffic of another one; undefined if it can, as far as it is known. */
function lackOf(
  member: SharingGroup,
  other: SharingGroup,
  facts: RolloutFacts,
): string | undefined {
  const pods = [...member.keys, ...agentOf(member)];
  if (!pods.every((key) => isAvailable(facts.existing.get(key))))
    return "has a pod that does not run";
  for (const connection of member.shared) {
    if (!other.shared.has(connection)) continue;
    const down = connection.paths.find(
      (path) => groupIdOf(path) === member.id && isDown(path, connection, facts),
    );
    if (down !== undefined) return `has the path ${down.name} of ${connection.id}, which is not up`;
  }
  return undefined;
}

function agentOf({ agent }: SharingGroup): string[] {
  return agent === undefined ? [] : [agent];
}

/** A cold path has no SA while it stands by. */
function isDown({ name, standby }: Path, connection: Connection, facts: RolloutFacts): boolean {
  const state = facts.stateOf(connection, name) as PublicState | undefined;
  return standby !== "cold" && state !== undefined && !isUp(state);
}

interface DeploymentStatus {
  readonly observedGeneration?: number;
  readonly updatedReplicas?: number;
  readonly availableReplicas?: number;
}

/** Whether the pod of a Deployment runs, by its present template. */
function isAvailable(object: KubeObject | undefined): boolean {
  if (object === undefined) return false;
  const { status = {} } = object as KubeObject & { readonly status?: DeploymentStatus };
  const { observedGeneration = 0, updatedReplicas = 0, availableReplicas = 0 } = status;
  const isSeen = observedGeneration >= (object.metadata.generation ?? 0);
  return isSeen && updatedReplicas > 0 && availableReplicas > 0;
}
