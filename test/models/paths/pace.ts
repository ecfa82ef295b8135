import {
  getInitialSnapshot,
  getNextSnapshot,
  type AnyActorRef,
  type AnyMachineSnapshot,
} from "xstate";
import { adjacencyMapToArray, getAdjacencyMap } from "xstate/graph";
import { eventsIn, textOf, vertexOf, type Walk } from "./graph.ts";

/** A machine in a hostile environment: peers, other programs, a failing kernel. */
export interface Adversary {
  /**
   * Its events are those that others can cause; its facts include everything that guards and
   * delays depend on, and have finitely many values.
   */
  readonly walk: Walk;
  /** The events before the adversary starts. */
  readonly before?: Walk["events"];
  /** The types of the events that the adversary cannot cause. */
  readonly impossible?: RegExp;
  /** The cost of an invoked actor, by its id; others cost nothing. */
  readonly costs: Readonly<Record<string, (input: never) => number>>;
}

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly event: string;
  /** The shortest time until the event can occur. */
  readonly ms: number;
  readonly cost: number;
}

/**
 * Finds a cycle in a machine's graph that takes less than `msPerCall` for each call that it
 * makes; returns the cycle's events, or undefined if there is none. Without such a cycle, an
 * adversary can cause one call per `msPerCall`, in addition to those on the longest path
 * without a cycle. `Math.random` must return its minimum meanwhile.
 */
export function fastLoop(adversary: Adversary, msPerCall: number): string[] | undefined {
  const edges = edgesOf(adversary);
  const gain = new Map<string, number>();
  const by = new Map<string, Edge>();
  const vertices = new Set(edges.flatMap(({ from, to }) => [from, to]));
  // Bellman-Ford: a vertex that still improves after one round per vertex is behind a cycle.
  for (let round = 0; round <= vertices.size; round++) {
    let last: Edge | undefined;
    for (const edge of edges) {
      const through = (gain.get(edge.from) ?? 0) + edge.cost * msPerCall - edge.ms;
      if (through <= (gain.get(edge.to) ?? 0) + 1e-6) continue;
      gain.set(edge.to, through);
      by.set(edge.to, edge);
      last = edge;
    }
    if (last === undefined) return undefined;
    // The predecessors contain a cycle long before the rounds end.
    const circle = round % 4 === 3 ? circleIn(by, last.to) : undefined;
    if (circle !== undefined) return circle;
  }
  throw new Error("the gain still grows, and no cycle was found");
}

function circleIn(by: ReadonlyMap<string, Edge>, start: string): string[] | undefined {
  const seen = new Map<string, number>();
  const trail: Edge[] = [];
  for (let at = start; ;) {
    const first = seen.get(at);
    if (first !== undefined) {
      return trail
        .slice(first)
        .reverse()
        .map(({ event }) => event);
    }
    seen.set(at, trail.length);
    const edge = by.get(at);
    if (edge === undefined) return undefined;
    trail.push(edge);
    at = edge.from;
  }
}

function edgesOf({ walk, before = [], impossible, costs }: Adversary): Edge[] {
  const { machine } = walk;
  const options = {
    serializeState: (snapshot: AnyMachineSnapshot) => vertexOf(walk, snapshot),
    serializeEvent: textOf,
    events: (snapshot: AnyMachineSnapshot) =>
      eventsIn(walk, snapshot).filter(({ type }) => impossible?.test(type) !== true),
    stopWhen: (snapshot: AnyMachineSnapshot) => snapshot.status !== "active",
  };
  const start = getInitialSnapshot(machine, walk.input) as AnyMachineSnapshot;
  const fromState = before.reduce<AnyMachineSnapshot>(
    (state, event) => getNextSnapshot(machine, state, event) as AnyMachineSnapshot,
    start,
  );
  if (fromState.status !== "active") throw new Error(`it does not run: ${String(fromState.error)}`);
  return adjacencyMapToArray(getAdjacencyMap(machine, { ...options, fromState } as never)).map(
    ({ state, event, nextState }) => ({
      from: vertexOf(walk, state),
      to: vertexOf(walk, nextState),
      event: event.type,
      ms: durationOf(state, event.type),
      cost: costOf(state, nextState, costs),
    }),
  );
}

/** The delay of a timer's event in that state; all other events may occur at once. */
function durationOf(state: AnyMachineSnapshot, eventType: string): number {
  const found = state._nodes
    .flatMap(({ after }) => after)
    .find((one) => one.eventType === eventType);
  if (found === undefined) return 0;
  const { delay } = found;
  if (typeof delay === "number") return delay;
  const known: unknown = state.machine.implementations.delays[String(delay)];
  if (typeof known === "number") return known;
  if (typeof known !== "function") throw new Error(`no delay ${String(delay)}`);
  return known({ context: state.context as unknown }, undefined) as number;
}

function costOf(
  before: AnyMachineSnapshot,
  after: AnyMachineSnapshot,
  costs: Adversary["costs"],
): number {
  return Object.entries(costs)
    .map(([id, cost]) => {
      const actor = after.children[id] as AnyActorRef | undefined;
      if (actor === undefined || actor === before.children[id]) return 0;
      return cost((actor.getSnapshot() as { input: never }).input);
    })
    .reduce((a, b) => a + b, 0);
}
