import {
  type AnyEventObject,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyStateNode,
} from "xstate";
import { adjacencyMapToArray, getAdjacencyMap } from "xstate/graph";

/** The machine of a walk, with the events and results that it receives. */
export interface Walk {
  readonly machine: AnyStateMachine;
  readonly input?: unknown;
  /** Events that other actors may send to it in any state. */
  readonly events: readonly AnyEventObject[];
  /** The part of a context that guards depend on; snapshots with equal facts are one vertex. */
  readonly facts: (context: never) => unknown;
  /** The outputs of invoked actors by id; undefined for ids that are left out. */
  readonly outputs?: Readonly<Record<string, unknown>>;
  /** Errors that the invoked actors may end with. */
  readonly errors: readonly unknown[];
}

/** One step and the snapshot that it must lead to. */
export interface Step {
  readonly event: AnyEventObject;
  readonly snapshot: AnyMachineSnapshot;
}

export type Path = readonly Step[];

/**
 * Paths that together cover every edge of the machine's graph, each by a shortest path to it.
 * Edges with the same state, event and next state count as one, regardless of the context.
 */
export function edgePaths(walk: Walk): Path[] {
  const key = (snapshot: AnyMachineSnapshot) => vertexOf(walk, snapshot);
  const edges = edgesOf(walk);
  const start = edges[0];
  const shortest = new Map<string, Path>(start && [[key(start.state), []]]);
  const distinct = new Map<string, Path>();
  for (const { state, event, nextState } of edges) {
    const path = [...(shortest.get(key(state)) ?? []), { event, snapshot: nextState }];
    const end = key(nextState);
    if (!shortest.has(end)) shortest.set(end, path);
    const edge = JSON.stringify([state.value, textOf(event), nextState.value, nextState.status]);
    if (!distinct.has(edge)) distinct.set(edge, path);
  }
  return withoutPrefixes([...distinct.values()]);
}

/** The edges of the machine's graph in the order of their discovery, which is breadth first. */
export function edgesOf(walk: Walk) {
  const options = {
    input: walk.input,
    serializeState: (snapshot: AnyMachineSnapshot) => vertexOf(walk, snapshot),
    serializeEvent: textOf,
    events: (snapshot: AnyMachineSnapshot) => eventsIn(walk, snapshot),
    stopWhen: (snapshot: AnyMachineSnapshot) => snapshot.status !== "active",
  };
  return adjacencyMapToArray(getAdjacencyMap(walk.machine, options as never));
}

/** Two snapshots with the same vertex react alike. */
export function vertexOf(walk: Walk, snapshot: AnyMachineSnapshot): string {
  return JSON.stringify([snapshot.status, snapshot.value, walk.facts(snapshot.context as never)]);
}

/** The events that can occur in a snapshot: from other actors, invoked actors and timers. */
export function eventsIn(walk: Walk, snapshot: AnyMachineSnapshot): AnyEventObject[] {
  const actors = Object.keys(snapshot.children);
  return [
    ...walk.events,
    ...actors.map((actorId) => doneEvent(actorId, walk.outputs?.[actorId])),
    ...walk.errors.flatMap((error) =>
      actors.map((actorId) => ({ type: `xstate.error.actor.${actorId}`, actorId, error })),
    ),
    ...snapshot._nodes.flatMap((node) => node.after.map(({ eventType }) => ({ type: eventType }))),
  ];
}

function doneEvent(actorId: string, output: unknown): AnyEventObject {
  return { type: `xstate.done.actor.${actorId}`, actorId, output };
}

/** Leaves out each path that is a prefix of another one. */
function withoutPrefixes(paths: readonly Path[]): Path[] {
  const begun = new Set(paths.flatMap((path) => prefixKeys(path).slice(0, -1)));
  return paths.filter((path) => !begun.has(prefixKeys(path).at(-1) ?? ""));
}

function prefixKeys(path: Path): string[] {
  let prefix = "";
  return path.map(({ event }) => (prefix += `${textOf(event)}\n`));
}

/** The identity of an event as text. */
export function textOf(event: AnyEventObject): string {
  return JSON.stringify(event, (_, value: unknown) =>
    typeof value === "bigint" ? String(value) : value,
  );
}

/** Every transition of the chart, including eventless ones, with its name. */
export function transitionsOf(machine: AnyStateMachine): Map<object, string> {
  return new Map(
    nodesOf(machine.root)
      .flatMap((node) => [...node.transitions.values(), node.always ?? []])
      .flatMap((candidates) =>
        candidates.map((transition, index) => {
          const { source, eventType } = transition;
          return [transition, `${source.id} on ${eventType || "always"}, candidate ${index}`];
        }),
      ),
  );
}

/** The node and all its descendants. */
export function nodesOf(node: AnyStateNode): AnyStateNode[] {
  return [node, ...Object.values(node.states).flatMap((child) => nodesOf(child))];
}

/**
 * A delay that no path waits for, since other delays of the same state end before it: a path
 * sends the event of its transition instead.
 */
export const never = 1e12;

/** The delay of a timer's event in milliseconds; it must be a number or the name of one. */
export function delayOf(machine: AnyStateMachine, eventType: string): number {
  for (const node of nodesOf(machine.root)) {
    const found = node.after.find((transition) => transition.eventType === eventType);
    if (found === undefined) continue;
    const { delay } = found;
    const known: unknown =
      typeof delay === "string" ? machine.implementations.delays[delay] : delay;
    if (typeof known === "number") return known;
  }
  throw new Error(`${eventType} has no fixed delay: provide one`);
}
