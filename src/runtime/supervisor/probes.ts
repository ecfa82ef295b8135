import { retry, timer } from "rxjs";
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
  /** Called after each event that a probe handled. */
  readonly changed: () => void;
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

  /** Starts, stops and updates actors for the declared probes and the present gateways. */
  update(
    connections: ReadonlyMap<string, Connection>,
    endpoints: ReadonlyMap<string, Endpoints>,
  ): void {
    this.#declared = { connections, endpoints };
    this.#update();
  }

  [Symbol.dispose](): void {
    this.#breakdowns[Symbol.dispose]();
    for (const title of this.#running.keys()) this.#stop(title);
  }

  #update(): void {
    const { connections, endpoints } = this.#declared;
    const wanted = new Set<string>();
    for (const [id, { children }] of connections) {
      for (const child of children) {
        if (child.probe === undefined) continue;
        wanted.add(titleOf(id, child.key));
        this.#keep(id, child, endpoints.get(id)?.get(child.key)?.gateway);
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

  #keep(connection: string, child: Child, gateway: Gateway | undefined): void {
    const title = titleOf(connection, child.key);
    const running = this.#running.get(title);
    const order = orderOf(child);
    if (order === undefined || this.#breakdowns.failureOf(title) !== undefined) return;
    if (running !== undefined && isSame(running.order, order)) {
      const known = running.actor.getSnapshot().context.gateway;
      if (known !== gateway) running.actor.send({ type: "gateway.changed", gateway });
      return;
    }
    this.#stop(title);
    const broke = (error: unknown) => this.#breakdowns.report(title, error);
    const failed = (error: unknown) => this.#failed(title, error);
    const options = { id: title, input: { order, gateway } };
    const actor = observedActor(this.#logic(connection, child.key), options, { broke, failed });
    this.#running.set(title, { order, actor });
    actor.start();
    // An exception may have stopped the actor already.
    if (this.#running.get(title)?.actor === actor)
      observeTransitions(actor, {
        changed: this.#options.changed,
        moved: (transition) => this.#options.events.transitions.next(transition),
        broke,
      });
  }

  #failed(title: string, error: unknown): void {
    this.#running.delete(title);
    this.#breakdowns.restartLater(title, error);
    contained((thrown) => this.#breakdowns.report(title, thrown), this.#options.changed)();
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
          // The actor gets only the first of several answers in a row.
          let answered = false;
          const take = (seconds: number | undefined) => {
            events.probeResults.next({ connection, child, seconds });
            if (seconds === undefined) sendBack({ type: "probe.lost" });
            else if (!answered) sendBack({ type: "probe.answered" });
            answered = seconds !== undefined;
          };
          const delay = () => {
            take(undefined);
            return timer(input.intervalMs);
          };
          // A gateway that is not configured yet makes the requests fail: it counts as no answer.
          const results = network.echoes(input).pipe(retry({ delay, resetOnSuccess: true }));
          const subscription = results.subscribe(take);
          return () => subscription.unsubscribe();
        }),
      },
    });
  }
}

function orderOf({ probe, xfrmIp }: Child): ProbeInput["order"] | undefined {
  if (probe === undefined) return undefined;
  const intervalMs = probe.intervalSeconds * 1_000;
  return { source: xfrmIp.address, target: probe.address, intervalMs };
}

/**
 * Whether a probe can continue: other changes of a child, such as of its pools, do not affect it.
 */
function isSame(a: ProbeInput["order"], b: ProbeInput["order"]): boolean {
  return (
    a.intervalMs === b.intervalMs &&
    sameAddress(a.source, b.source) &&
    sameAddress(a.target, b.target)
  );
}

function titleOf(connection: string, child: string): string {
  return `${childRefKey({ connection, child })} probe`;
}
