import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { AnyActorRef, AnyMachineSnapshot } from "xstate";
import { charonMachine } from "../../machines/charon.ts";
import { childMachine } from "../../machines/child/child.ts";
import { connectionMachine } from "../../machines/connection/connection.ts";
import { failoverMachine } from "../../machines/failover/failover.ts";
import { gatewayMachine } from "../../machines/gateway/gateway.ts";
import { pathMachine } from "../../machines/path/path.ts";
import { probeMachine } from "../../machines/probe.ts";
import type { Transition } from "../actors/transitions.ts";
import { stateName } from "../actors/state-name.ts";
import type { QueueWait } from "../ports/runtime-events.ts";

const { connected, ...ofCharon } = charonMachine.states;
const ofSession = Object.keys(connected?.states ?? {});

const { asking, ...idle } = probeMachine.states;

/** All states of each machine, by the names of {@link stateName}. */
const charts: Readonly<Record<string, readonly string[]>> = {
  charon: [...Object.keys(ofCharon), ...ofSession],
  connection: Object.keys(connectionMachine.states),
  failover: Object.keys(failoverMachine.states),
  path: Object.keys(pathMachine.states),
  child: Object.keys(childMachine.states),
  gateway: Object.keys(gatewayMachine.states),
  probe: [...Object.keys(idle), ...Object.keys(asking?.states ?? {})],
};

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

const actorCounts = {
  name: "ipman_actors",
  help: "Number of actors by state machine and state.",
  labelNames: ["machine", "state"],
};

const moves = {
  name: "ipman_transitions_total",
  help: "State transitions of actors, by state machine.",
  labelNames: ["machine", "from", "to"],
};

const stays = {
  name: "ipman_state_seconds",
  help: "Time that actors spent in a state, observed when they leave it.",
  labelNames: ["machine", "state"],
  buckets: [0.01, 0.1, 1, 10, minute, 10 * minute, hour, 10 * hour, 3 * day],
};

const negotiations = {
  name: "ipman_negotiation_seconds",
  help: "Duration of a child's negotiation until it was established or failed.",
  labelNames: ["outcome"],
  buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180],
};

const resynchronisations = {
  name: "ipman_resynchronisations_total",
  help: "Number of times that the agent adopted charon's SAs at the start of a VICI session.",
};

const waits = {
  name: "ipman_work_queue_wait_seconds",
  help: "Time that blocking work waited in the work queue, by priority.",
  labelNames: ["priority"],
  buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
};

/**
 * The metrics of the actors, by chart: their number of series does not grow with the connections.
 */
export class ActorMetrics {
  readonly #moves: Counter;
  readonly #stays: Histogram;
  readonly #negotiations: Histogram;
  readonly #resynchronisations: Counter;
  readonly #waits: Histogram;

  /** @param actors returns the present actors */
  constructor(registry: Registry, actors: () => readonly AnyActorRef[]) {
    const registers = [registry];
    void new Gauge({
      ...actorCounts,
      registers,
      collect() {
        setCounts(this, actors());
      },
    });
    this.#moves = new Counter({ ...moves, registers });
    this.#stays = new Histogram({ ...stays, registers });
    this.#negotiations = new Histogram({ ...negotiations, registers });
    this.#resynchronisations = new Counter({ ...resynchronisations, registers });
    this.#waits = new Histogram({ ...waits, registers });
  }

  move({ machine, from, to, seconds }: Transition): void {
    this.#moves.inc({ machine, from, to });
    this.#stays.observe({ machine, state: from }, seconds);
    if (machine === "charon" && to === "synchronising") this.#resynchronisations.inc();
    if (machine !== "child" || from !== "negotiating") return;
    if (to === "established" || to === "failed")
      this.#negotiations.observe({ outcome: to }, seconds);
  }

  wait({ priority, seconds }: QueueWait): void {
    this.#waits.observe({ priority }, seconds);
  }
}

/** Sets the number of actors per state; an explicit 0 for a state without actors. */
function setCounts(gauge: Gauge, actors: readonly AnyActorRef[]): void {
  const counts = new Map<string, number>();
  for (const actor of actors) {
    const { machine, value } = actor.getSnapshot() as AnyMachineSnapshot;
    const title = titleOf(machine.id, stateName(machine.id, value));
    counts.set(title, (counts.get(title) ?? 0) + 1);
  }
  for (const [machine, states] of Object.entries(charts)) {
    for (const state of states)
      gauge.set({ machine, state }, counts.get(titleOf(machine, state)) ?? 0);
  }
}

function titleOf(machine: string, state: string): string {
  return `${machine} ${state}`;
}
