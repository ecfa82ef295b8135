import assert from "node:assert/strict";
import {
  createActor,
  fromPromise,
  fromTransition,
  SimulatedClock,
  type AnyStateMachine,
  type InspectionEvent,
} from "xstate";
import { settled } from "../fixtures.ts";
import {
  delayOf,
  never,
  nodesOf,
  transitionsOf,
  vertexOf,
  type Path,
  type Step,
  type Walk,
} from "./graph.ts";

/** Actors whose end and result a path decides. */
export class Held {
  readonly #open = new Map<string, PromiseWithResolvers<never>>();

  /** A stand-in for any actor that a machine invokes or spawns. */
  actor<Output, Input>() {
    return fromPromise<Output, Input>(({ self }) => {
      const end = Promise.withResolvers<never>();
      this.#open.set(self.id, end);
      return end.promise;
    });
  }

  end(id: string): PromiseWithResolvers<never> {
    const open = this.#open.get(id);
    assert.ok(open, `no actor ${id} runs`);
    return open;
  }
}

/** Runs paths on the machine itself and records the states and transitions that they reach. */
export class Replay {
  readonly #walk: Walk;
  readonly #transitions = new Set<object>();
  readonly #states = new Set<string>();

  constructor(walk: Walk) {
    this.#walk = walk;
  }

  /**
   * Runs one path; after each step the actor must be in the state of the path.
   *
   * @param machine the walk's machine with the fakes of `held`
   */
  async run(path: Path, machine: AnyStateMachine, held: Held): Promise<void> {
    const clock = new SimulatedClock();
    const parent = createActor(
      fromTransition((state) => state, undefined),
      { clock },
    ).start();
    const actor = createActor(machine, { input: this.#walk.input, parent });
    actor.system.inspect((event) => this.#note(machine, event));
    actor.subscribe({ error: () => {} });
    actor.start();
    for (const step of path) {
      this.#perform(step, machine, held, clock, actor);
      await settled();
      const trail = () => path.slice(0, path.indexOf(step) + 1).map(({ event }) => event.type);
      const now = actor.getSnapshot();
      assert.equal(
        now.status,
        step.snapshot.status,
        `${trail().join(" → ")} ${String(step.snapshot.error)}`,
      );
      assert.equal(
        vertexOf(this.#walk, now),
        vertexOf(this.#walk, step.snapshot),
        trail().join(" → "),
      );
    }
  }

  /** The states and transitions of the chart that no path reached. */
  missed(machine: AnyStateMachine): { states: string[]; transitions: string[] } {
    return {
      states: nodesOf(machine.root)
        .map(({ id }) => id)
        .filter((id) => !this.#states.has(id)),
      transitions: [...transitionsOf(machine)]
        .filter(([transition]) => !this.#transitions.has(transition))
        .map(([, name]) => name),
    };
  }

  #perform(
    { event }: Step,
    machine: AnyStateMachine,
    held: Held,
    clock: SimulatedClock,
    actor: { send: (event: Step["event"]) => void },
  ): void {
    const [, how, id = ""] = /^xstate\.(done|error)\.actor\.(.+)$/.exec(event.type) ?? [];
    if (how === "done") held.end(id).resolve(event["output"] as never);
    else if (how === "error") held.end(id).reject(event["error"] as Error);
    else if (event.type.startsWith("xstate.after.")) {
      const delay = delayOf(machine, event.type);
      if (delay === never) actor.send(event);
      else clock.increment(delay);
    } else actor.send(event);
  }

  #note(machine: AnyStateMachine, event: InspectionEvent): void {
    if (event.type !== "@xstate.microstep" && event.type !== "@xstate.snapshot") return;
    const snapshot = event.snapshot as { machine?: unknown; _nodes?: { id: string }[] };
    if (snapshot.machine !== machine) return;
    for (const { id } of snapshot._nodes ?? []) this.#states.add(id);
    if (event.type !== "@xstate.microstep") return;
    for (const transition of event._transitions) this.#transitions.add(transition);
  }
}
