import { fromCallback, type ActorRefFrom, type AnyActorRef } from "xstate";
import type { Endpoints } from "../../machines/connection/connection-types.ts";
import {
  probeMachine,
  type ProbeEvent,
  type ProbeInput,
  type ProbeOrder,
} from "../../machines/probe.ts";
import { sameAddress } from "../../model/net/address.ts";
import { childRefKey } from "../../model/api/child-ref.ts";
import type { Child, Connection } from "../../model/api/connection.ts";
import type { Gateway } from "../../model/network/endpoint.ts";
import type { EchoOutcome } from "../../model/probe/echo-judge.ts";
import { paceOf, samePace } from "../../model/probe/echo-pace.ts";
import type { Reachability } from "../../model/status/status.ts";
import { Breakdowns } from "../actors/breakdowns.ts";
import { contained } from "../actors/contained.ts";
import { observeTransitions } from "../actors/transitions.ts";
import { observedActor } from "../actors/observed-actor.ts";
import type { NetworkPort } from "../ports/ports.ts";
import type { ProbeStates } from "../ports/running.ts";
import type { EventSubjects } from "../effects/event-subjects.ts";

export interface ProbesOptions {
  readonly network: Pick<NetworkPort, "echoes">;
  readonly events: Pick<EventSubjects, "probeResults" | "transitions" | "breakdowns">;
  /** Called after each event that a probe of the connection handled. */
  readonly changed: (connection: string) => void;
}

interface DeclaredProbes {
  readonly connections: ReadonlyMap<string, Connection>;
  readonly endpoints: ReadonlyMap<string, Endpoints>;
}

type ProbeActor = ActorRefFrom<typeof probeMachine>;

interface RunningProbe {
  readonly order: ProbeInput["order"];
  readonly actor: ProbeActor;
}

const noProbes: readonly undefined[] = [];

/** Runs one actor for each declared probe. */
export class Probes implements ProbeStates, Disposable {
  readonly #options: ProbesOptions;
  readonly #running = new Map<string, RunningProbe>();
  readonly #breakdowns: Breakdowns;
  #declared: DeclaredProbes = { connections: new Map(), endpoints: new Map() };
  /** All declared probes, including those that an exception stopped. */
  #titles: ReadonlySet<string> = new Set();

  constructor(options: ProbesOptions) {
    this.#options = options;
    this.#breakdowns = new Breakdowns({
      onBreakdown: (id, error) => options.events.breakdowns.next({ id, error }),
      restart: () => this.#update(),
    });
  }

  get actors(): AnyActorRef[] {
    return [...this.#running.values()].map(({ actor }) => actor);
  }

  of({ id, children }: Connection): readonly (Reachability | undefined)[] {
    if (this.#titles.size === 0) return noProbes;
    return children.map(({ key }) => this.#reachability(titleOf(id, key)));
  }

  /**
   * The verdict of a connection's probes about its path: whether a target answers. False only if each
   * probe that asks has its result, since one dead target says nothing about the others.
   */
  verdictOf({ id, children }: Connection): boolean | undefined {
    const states = children.flatMap(({ key }) => {
      const snapshot = this.#running.get(titleOf(id, key))?.actor.getSnapshot();
      return snapshot === undefined || snapshot.matches("idle") ? [] : [snapshot];
    });
    if (states.some((snapshot) => snapshot.matches({ asking: "reachable" }))) return true;
    const isJudged = states.every((snapshot) => snapshot.matches({ asking: "unreachable" }));
    return isJudged && states.length > 0 ? false : undefined;
  }

  /** Starts, stops and updates actors for the declared probes and the present gateways. */
  update(
    connections: ReadonlyMap<string, Connection>,
    endpoints: ReadonlyMap<string, Endpoints>,
  ): void {
    this.#declared = { connections, endpoints };
    this.#update();
  }

  /** Has a connection's probes ask again: the path that answered before is not the present one. */
  restart({ id, children }: Connection): void {
    for (const { key } of children)
      this.#running.get(titleOf(id, key))?.actor.send({ type: "path.switched" });
  }

  [Symbol.dispose](): void {
    this.#breakdowns[Symbol.dispose]();
    for (const title of this.#running.keys()) this.#stop(title);
  }

  #update(): void {
    const { connections, endpoints } = this.#declared;
    const wanted = new Set<string>();
    for (const [id, connection] of connections) {
      for (const child of connection.children) {
        if (child.probe === undefined) continue;
        wanted.add(titleOf(id, child.key));
        this.#keep(connection, child, endpoints.get(id)?.get(child.key)?.gateway);
      }
    }
    for (const title of this.#titles.difference(wanted)) {
      this.#stop(title);
      this.#breakdowns.forget(title);
    }
    this.#titles = wanted;
  }

  #reachability(title: string): Reachability | undefined {
    const snapshot = this.#running.get(title)?.actor.getSnapshot();
    if (snapshot === undefined) return this.#titles.has(title) ? "unknown" : undefined;
    if (snapshot.matches({ asking: "reachable" })) return "reachable";
    return snapshot.matches({ asking: "unreachable" }) ? "unreachable" : "unknown";
  }

  #keep(connection: Connection, child: Child, gateway: Gateway | undefined): void {
    const { id } = connection;
    const title = titleOf(id, child.key);
    const running = this.#running.get(title);
    const order = orderOf(connection, child);
    if (order === undefined || this.#breakdowns.failureOf(title) !== undefined) return;
    if (running !== undefined && isSame(running.order, order)) {
      const known = running.actor.getSnapshot().context.gateway;
      if (known !== gateway) running.actor.send({ type: "gateway.changed", gateway });
      return;
    }
    this.#stop(title);
    const broke = (error: unknown) => this.#breakdowns.report(title, error);
    const failed = (error: unknown) => this.#failed(id, title, error);
    const options = { id: title, input: { order, gateway } };
    const actor = observedActor(this.#logic(id, child.key), options, { broke, failed });
    this.#running.set(title, { order, actor });
    actor.start();
    // An exception may have stopped the actor already.
    if (this.#running.get(title)?.actor === actor)
      observeTransitions(actor, {
        changed: () => this.#options.changed(id),
        moved: (transition) => this.#options.events.transitions.next(transition),
        broke,
      });
  }

  #failed(connection: string, title: string, error: unknown): void {
    this.#stop(title);
    this.#breakdowns.restartLater(title, error);
    const report = (thrown: unknown) => this.#breakdowns.report(title, thrown);
    contained(report, () => this.#options.changed(connection))();
  }

  #stop(title: string): void {
    this.#running.get(title)?.actor.stop();
    this.#running.delete(title);
  }

  #logic(connection: string, child: string) {
    const { network, events } = this.#options;
    return probeMachine.provide({
      actors: {
        ask: fromCallback<ProbeEvent, ProbeOrder>(({ input, sendBack }) => {
          // The actor gets only the first of several judgements that say the same.
          let last: ProbeEvent["type"] | undefined;
          const take = ({ seconds, unreachable }: EchoOutcome) => {
            events.probeResults.next({ connection, child, seconds });
            if (seconds === undefined && !unreachable) return;
            const type = unreachable ? "probe.unanswered" : "probe.answered";
            if (type !== last) sendBack({ type });
            last = type;
          };
          const error = (thrown: unknown) =>
            this.#failed(connection, titleOf(connection, child), thrown);
          const subscription = network.echoes(input).subscribe({ next: take, error });
          return () => subscription.unsubscribe();
        }),
      },
    });
  }
}

function orderOf(
  connection: Connection,
  { probe, xfrmIp }: Child,
): ProbeInput["order"] | undefined {
  if (probe === undefined) return undefined;
  const pace = paceOf(connection, probe);
  return { source: xfrmIp.address, target: probe.address, pace };
}

/**
 * Whether a probe can continue: other changes of a child, such as of its pools, do not affect it.
 */
function isSame(a: ProbeInput["order"], b: ProbeInput["order"]): boolean {
  return (
    samePace(a.pace, b.pace) && sameAddress(a.source, b.source) && sameAddress(a.target, b.target)
  );
}

function titleOf(connection: string, child: string): string {
  return `${childRefKey({ connection, child })} probe`;
}
