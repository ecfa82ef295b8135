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
import { childRefKey, type ChildRef } from "../../model/api/child-ref.ts";
import type { Child, Connection } from "../../model/api/connection.ts";
import type { Gateway } from "../../model/network/endpoint.ts";
import type { Reachability } from "../../model/status/status.ts";
import { Breakdowns } from "../actors/breakdowns.ts";
import { contained, type OnBreakdown } from "../actors/contained.ts";
import { follow, type Follower } from "../actors/follow.ts";
import { observedActor } from "../actors/observed-actor.ts";
import type { NetworkPort } from "../ports/ports.ts";

/** What came of one echo request. */
export interface ProbeNews extends ChildRef {
  /** The round trip; undefined where there was none. */
  readonly seconds: number | undefined;
}

export interface ProbesOptions {
  readonly network: Pick<NetworkPort, "echoes">;
  readonly onProbe: (news: ProbeNews) => void;
  readonly follower: Pick<Follower, "changed" | "moved">;
  readonly onBreakdown: OnBreakdown;
}

interface DeclaredProbes {
  readonly connections: ReadonlyMap<string, Connection>;
  readonly endpoints: ReadonlyMap<string, Endpoints>;
}

type ProbeActor = ActorRefFrom<typeof probeMachine>;

interface Running {
  readonly order: ProbeInput["order"];
  readonly actor: ProbeActor;
}

const nobody: readonly undefined[] = [];

/** The probes of all children that declare one: an actor each. */
export class Probes implements Disposable {
  readonly #options: ProbesOptions;
  readonly #running = new Map<string, Running>();
  readonly #breakdowns: Breakdowns;
  #declared: DeclaredProbes = { connections: new Map(), endpoints: new Map() };
  /** Of all probes that are declared; one that broke down does not run. */
  #titles: ReadonlySet<string> = new Set();

  constructor(options: ProbesOptions) {
    this.#options = options;
    this.#breakdowns = new Breakdowns({
      onBreakdown: options.onBreakdown,
      restart: () => this.#update(),
    });
  }

  get actors(): AnyActorRef[] {
    return [...this.#running.values()].map(({ actor }) => actor);
  }

  /** Of each child of a connection, in their order; undefined of one that has none. */
  of({ id, children }: Connection): readonly (Reachability | undefined)[] {
    if (this.#titles.size === 0) return nobody;
    return children.map(({ key }) => this.#reachability(titleOf(id, key)));
  }

  /** Brings them in line with what is declared, and with where the gateways are. */
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
    // An exception may have ended it at once.
    if (this.#running.get(title)?.actor === actor)
      follow(actor, { ...this.#options.follower, broke });
  }

  #failed(title: string, error: unknown): void {
    this.#running.delete(title);
    this.#breakdowns.restartLater(title, error);
    contained((thrown) => this.#breakdowns.report(title, thrown), this.#options.follower.changed)();
  }

  #stop(title: string): void {
    this.#running.get(title)?.actor.stop();
    this.#running.delete(title);
  }

  #logic(connection: string, child: string) {
    const { network, onProbe } = this.#options;
    return probeMachine.provide({
      actors: {
        ask: fromCallback<ProbeEvent, ProbeOrder>(({ input, sendBack }) => {
          // An answer after an answer is no news to the chart.
          let answered = false;
          const tell = (seconds: number | undefined) => {
            onProbe({ connection, child, seconds });
            if (seconds === undefined) sendBack({ type: "probe.lost" });
            else if (!answered) sendBack({ type: "probe.answered" });
            answered = seconds !== undefined;
          };
          const delay = () => {
            tell(undefined);
            return timer(input.intervalMs);
          };
          // A gateway that is not in shape yet, or no more: nobody answers through it.
          const results = network.echoes(input).pipe(retry({ delay, resetOnSuccess: true }));
          const subscription = results.subscribe(tell);
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

/** A change of pools, say, is none of a probe's business. */
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
