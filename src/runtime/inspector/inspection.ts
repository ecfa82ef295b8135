import { randomUUID } from "node:crypto";
import { Observable, Subscription } from "rxjs";
import {
  type AnyActorRef,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type InspectionEvent,
} from "xstate";
import { contained } from "../actors/contained.ts";
import { machinesBelow } from "../actors/follow.ts";
import { isMachine, machineOf } from "../actors/machine-of.ts";
import { publicStateOf } from "../actors/public-state.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";
import { definitionOf, shownContext, shownEvent } from "./projection.ts";
import type { ActorMessage, ShownSnapshot, InspectorMessage } from "./wire.ts";

/** Each chart is told once where that is enough, and else with every actor. */
export interface InspectionOptions {
  readonly compact: boolean;
}

/**
 * Everything that a supervisor's actors do: first those that there are, then each event and
 * what comes of it. Whoever subscribes is told; nothing is inspected while nobody does.
 */
export function inspection(
  supervisor: Supervisor,
  { compact }: InspectionOptions = { compact: false },
): Observable<InspectorMessage> {
  return new Observable((subscriber) => {
    const viewer: Viewer = {
      tell: (event) => subscriber.next(event),
      fail: (error) => subscriber.error(error),
      charts: compact ? new Set() : undefined,
    };
    const trees = new Map<AnyActorRef, Subscription>();
    const look = () => {
      const roots = new Set<AnyActorRef>(supervisor.rootActors);
      for (const [root, tree] of trees) {
        if (roots.has(root)) continue;
        // Its last snapshot is told right after it has ended.
        queueMicrotask(() => tree.unsubscribe());
        trees.delete(root);
      }
      for (const root of roots) {
        if (!trees.has(root)) trees.set(root, inspectTree(root, viewer));
      }
    };
    look();
    const changes = supervisor.changes.subscribe(look);
    return () => {
      changes.unsubscribe();
      for (const tree of trees.values()) tree.unsubscribe();
    };
  });
}

/** Only the actors that there are. */
export function actorsNow(supervisor: Supervisor): InspectorMessage[] {
  const told: InspectorMessage[] = [];
  inspection(supervisor)
    .subscribe((event) => told.push(event))
    .unsubscribe();
  return told;
}

interface Viewer {
  readonly tell: (event: InspectorMessage) => void;
  /** An exception here must not reach the actor that is looked at. */
  readonly fail: (error: unknown) => void;
  /** Those that it was told already; undefined where it wants them every time. */
  readonly charts: Set<AnyStateMachine> | undefined;
}

/** Each tree is a system of its own, and numbers its actors from 0. */
function inspectTree(root: AnyActorRef, viewer: Viewer): Subscription {
  const tree = new Tree(root, viewer);
  for (const actor of machinesBelow([root])) tree.introduce(actor);
  const observer = root.system.inspect(
    contained(viewer.fail, (event: InspectionEvent) => tree.take(event)),
  );
  return new Subscription(() => observer.unsubscribe());
}

class Tree {
  readonly #prefix = randomUUID().slice(0, 8);
  readonly #root: AnyActorRef;
  readonly #viewer: Viewer;

  constructor(root: AnyActorRef, viewer: Viewer) {
    this.#root = root;
    this.#viewer = viewer;
  }

  introduce(actor: AnyActorRef): void {
    const parent = actor._parent;
    const machine = machineOf(actor) as AnyStateMachine;
    const told: ActorMessage = {
      ...this.#about(actor),
      type: "@xstate.actor",
      name: actor.id,
      parentId: parent && this.#sessionOf(parent),
      machine: machine.id,
      definition: this.#viewer.charts?.has(machine) === true ? undefined : definitionOf(machine),
      snapshot: this.#shown(actor.getSnapshot() as AnyMachineSnapshot | undefined),
    };
    this.#viewer.charts?.add(machine);
    this.#viewer.tell(told);
  }

  /** Calls that are under way are left out. */
  take(event: InspectionEvent): void {
    const actor = event.actorRef as AnyActorRef;
    if (!isMachine(actor)) return;
    if (event.type === "@xstate.actor") this.introduce(actor);
    if (event.type === "@xstate.event") {
      const source = event.sourceRef as AnyActorRef | undefined;
      this.#viewer.tell({
        ...this.#about(actor),
        type: event.type,
        sourceId: source && this.#sessionOf(source),
        event: shownEvent(event.event),
      });
    }
    if (event.type === "@xstate.snapshot") {
      const snapshot = this.#shown(event.snapshot as AnyMachineSnapshot);
      if (snapshot === null) return;
      const shown = shownEvent(event.event);
      this.#viewer.tell({ ...this.#about(actor), type: event.type, event: shown, snapshot });
    }
  }

  #about(actor: AnyActorRef) {
    return {
      _version: "0.7.2",
      id: randomUUID(),
      createdAt: String(Date.now()),
      sessionId: this.#sessionOf(actor),
      rootId: this.#sessionOf(this.#root),
    };
  }

  #sessionOf({ sessionId }: AnyActorRef): string {
    return `${this.#prefix}:${sessionId}`;
  }

  #shown(snapshot: AnyMachineSnapshot | undefined): ShownSnapshot | null {
    if (snapshot === undefined) return null;
    const machines = Object.entries(snapshot.children as Record<string, AnyActorRef>).filter(
      ([, child]) => isMachine(child),
    );
    const { status, value } = snapshot;
    return {
      status,
      value: value as unknown,
      publicState: publicStateOf(snapshot),
      context: shownContext(snapshot),
      children: Object.fromEntries(
        machines.map(([id, child]) => [id, { sessionId: this.#sessionOf(child) }]),
      ),
    };
  }
}
