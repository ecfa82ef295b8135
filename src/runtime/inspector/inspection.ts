import { randomUUID } from "node:crypto";
import { Observable, Subscription } from "rxjs";
import {
  type AnyActorRef,
  type AnyEventObject,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type InspectionEvent,
} from "xstate";
import { pathMachine } from "../../machines/path/path.ts";
import { contained } from "../actors/contained.ts";
import { machinesBelow } from "../actors/machines-below.ts";
import { isMachine, machineOf } from "../actors/machine-of.ts";
import { publicStateOf } from "../../model/status/public-state.ts";
import type { Running } from "../ports/running.ts";
import { labelOf, pathLabel, titleOf } from "./actor-title.ts";
import { PathsElsewhere, type ShownElsewhere } from "./paths-elsewhere.ts";
import { definitionOf, shownContext, shownEvent } from "./projection.ts";
import { shownPaths } from "./shown-paths.ts";
import type { ActorMessage, InspectorMessage, ShownEvent, ShownSnapshot } from "./wire.ts";

/** The actors that an inspector shows. */
export type Inspected = Pick<Running, "rootActors" | "changes">;

export interface InspectionOptions {
  /** Sends each chart once, not with every actor. */
  readonly compact: boolean;
}

/**
 * Messages about a supervisor's actors: first one for each present actor, then one for each
 * event and each snapshot. Actors are inspected only while there is a subscriber.
 */
export function inspection(
  running: Inspected,
  { compact }: InspectionOptions = { compact: false },
): Observable<InspectorMessage> {
  return new Observable((subscriber) => {
    const viewer: Viewer = {
      send: (message) => subscriber.next(message),
      fail: (error) => subscriber.error(error),
      knownCharts: compact ? new Set() : undefined,
    };
    const trees = new Map<AnyActorRef, Subscription>();
    const inspectRoots = () => {
      const roots = new Set<AnyActorRef>(running.rootActors);
      for (const [root, tree] of trees) {
        if (roots.has(root)) continue;
        // XState reports the last snapshot right after the actor has ended.
        queueMicrotask(() => tree.unsubscribe());
        trees.delete(root);
      }
      for (const root of roots) {
        if (!trees.has(root)) trees.set(root, inspectTree(root, viewer));
      }
    };
    inspectRoots();
    const changes = running.changes.subscribe(inspectRoots);
    return () => {
      changes.unsubscribe();
      for (const tree of trees.values()) tree.unsubscribe();
    };
  });
}

/** The messages about the present actors. */
export function actorsNow(running: Inspected): InspectorMessage[] {
  const messages: InspectorMessage[] = [];
  inspection(running)
    .subscribe((message) => messages.push(message))
    .unsubscribe();
  return messages;
}

interface Viewer {
  readonly send: (message: InspectorMessage) => void;
  /** Called with an exception of the viewer, which must not reach the inspected actor. */
  readonly fail: (error: unknown) => void;
  /** The charts that were sent; undefined if every actor's message has its chart. */
  readonly knownCharts: Set<AnyStateMachine> | undefined;
}

/** Inspects a root and the actors below it: one XState system, which numbers its actors from 0. */
function inspectTree(root: AnyActorRef, viewer: Viewer): Subscription {
  const tree = new Tree(root, viewer);
  for (const actor of machinesBelow([root])) tree.sendActor(actor);
  tree.sendElsewhere(root.getSnapshot() as AnyMachineSnapshot);
  const observer = root.system.inspect(
    contained(viewer.fail, (event: InspectionEvent) => tree.handle(event)),
  );
  return new Subscription(() => observer.unsubscribe());
}

class Tree {
  readonly #prefix = randomUUID().slice(0, 8);
  readonly #root: AnyActorRef;
  readonly #viewer: Viewer;
  /** The root's last snapshot: an event that no transition takes leaves it as it is. */
  #rootSnapshot: unknown;
  readonly #elsewhere = new PathsElsewhere();

  constructor(root: AnyActorRef, viewer: Viewer) {
    this.#root = root;
    this.#rootSnapshot = root.getSnapshot();
    this.#viewer = viewer;
  }

  sendActor(actor: AnyActorRef): void {
    const parent = actor._parent;
    const machine = machineOf(actor) as AnyStateMachine;
    const message: ActorMessage = {
      ...this.#header(actor),
      type: "@xstate.actor",
      name: actor.id,
      title: titleOf(actor),
      label: labelOf(actor),
      parentId: parent && this.#sessionOf(parent),
      machine: machine.id,
      definition: this.#definitionOf(machine),
      snapshot: this.#shown(actor.getSnapshot() as AnyMachineSnapshot | undefined),
    };
    this.#viewer.send(message);
  }

  /** The chart of a machine, unless the viewer has it already. */
  #definitionOf(machine: AnyStateMachine): string | undefined {
    const { knownCharts } = this.#viewer;
    if (knownCharts?.has(machine) === true) return undefined;
    knownCharts?.add(machine);
    return definitionOf(machine);
  }

  /** Actors that are not machines, such as calls in progress, are left out. */
  handle(event: InspectionEvent): void {
    const actor = event.actorRef as AnyActorRef;
    if (!isMachine(actor)) return;
    if (event.type === "@xstate.actor") this.sendActor(actor);
    if (event.type === "@xstate.event" && !isCopy(event.event)) {
      const source = event.sourceRef as AnyActorRef | undefined;
      this.#viewer.send({
        ...this.#header(actor),
        type: event.type,
        sourceId: source && this.#sessionOf(source),
        event: shownEvent(event.event),
      });
    }
    if (event.type === "@xstate.snapshot") {
      if (isCopy(event.event) && event.snapshot === this.#rootSnapshot) return;
      if (actor === this.#root) this.#rootSnapshot = event.snapshot;
      const snapshot = this.#shown(event.snapshot as AnyMachineSnapshot);
      if (snapshot === null) return;
      const shown = shownEvent(event.event);
      this.#viewer.send({ ...this.#header(actor), type: event.type, event: shown, snapshot });
      if (actor === this.#root)
        this.sendElsewhere(event.snapshot as AnyMachineSnapshot, event.event);
    }
  }

  /** Sends the paths of other nodes that an event of the root has changed. */
  sendElsewhere(snapshot: AnyMachineSnapshot, event: AnyEventObject = { type: "beat.heard" }) {
    for (const changed of this.#elsewhere.changes(shownPaths(snapshot)))
      this.#viewer.send(this.#elsewhereMessage(changed, shownEvent(event)));
  }

  #elsewhereMessage(path: ShownElsewhere, event: ShownEvent): InspectorMessage {
    const { name, isNew, snapshot } = path;
    const parentId = this.#sessionOf(this.#root);
    const header = { ...this.#header(this.#root), sessionId: `${parentId} ${name}` };
    if (!isNew) return { ...header, type: "@xstate.snapshot", event, snapshot };
    const label = pathLabel(path.path);
    const { id: machine } = pathMachine;
    const definition = this.#definitionOf(pathMachine);
    const title = `${titleOf(this.#root)} ${label}`;
    const actor = { name, title, label, parentId, machine, definition, snapshot };
    return { ...header, type: "@xstate.actor", ...actor };
  }

  #header(actor: AnyActorRef) {
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
    const paths = shownPaths(snapshot);
    return {
      status,
      value: value as unknown,
      publicState: publicStateOf(snapshot),
      context: shownContext(snapshot),
      ...(paths.length > 0 && { paths }),
      children: Object.fromEntries(
        machines.map(([id, child]) => [id, { sessionId: this.#sessionOf(child) }]),
      ),
    };
  }
}

/** Whether an event carries the snapshot of an actor below, which is shown with that actor. */
function isCopy({ type }: AnyEventObject): boolean {
  return type.startsWith("xstate.snapshot.");
}
