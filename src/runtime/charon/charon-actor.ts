import { Subject, type Observable, type Observer } from "rxjs";
import type { Actor } from "xstate";
import type { charonLogic } from "../effects/charon-logic.ts";
import { Breakdowns } from "../actors/breakdowns.ts";
import { contained } from "../actors/contained.ts";
import { observedActor } from "../actors/observed-actor.ts";
import { observeTransitions, type TransitionObserver } from "../actors/transitions.ts";
import type { ReportedBreakdown } from "../ports/runtime-events.ts";

type Logic = ReturnType<typeof charonLogic>;

/** The id of charon's actor in reports of breakdowns; no connection can have this name. */
const breakdownId = "charon's actor";

export interface CharonActorOptions {
  readonly logic: Logic;
  readonly observer: Pick<TransitionObserver, "changed" | "moved">;
  readonly breakdowns: Pick<Observer<ReportedBreakdown>, "next">;
}

/** charon's root actor, which is created again after an exception stopped it. */
export class CharonActor implements Disposable {
  readonly #options: CharonActorOptions;
  readonly #sessions = new Subject<boolean>();
  readonly #breakdowns: Breakdowns;
  #actor: Actor<Logic>;
  #isReady = false;

  constructor(options: CharonActorOptions) {
    this.#options = options;
    this.#breakdowns = new Breakdowns({
      onBreakdown: (id, error) => options.breakdowns.next({ id, error }),
      restart: () => this.#restart(),
    });
    this.#actor = this.#created();
  }

  /** The present actor. */
  get ref(): Actor<Logic> {
    return this.#actor;
  }

  /** Whether there is a session with charon. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Emits true when a session begins and false when it ends. */
  get sessions(): Observable<boolean> {
    return this.#sessions;
  }

  start(): void {
    this.#actor.start();
  }

  /** Requests a list of SAs. */
  requestList(): void {
    this.#actor.send({ type: "sas.wanted" });
  }

  [Symbol.dispose](): void {
    this.#breakdowns[Symbol.dispose]();
    this.#actor.stop();
  }

  #restart(): void {
    this.#actor = this.#created();
    this.#actor.start();
  }

  #created(): Actor<Logic> {
    const { logic, observer } = this.#options;
    const broke = (error: unknown) => this.#breakdowns.report(breakdownId, error);
    const session = contained(broke, (isReady: boolean) => {
      this.#isReady = isReady;
      this.#sessions.next(isReady);
    });
    const failed = (error: unknown) => {
      session(false);
      this.#breakdowns.restartLater(breakdownId, error);
    };
    const actor = observedActor(logic, { id: "charon" }, { broke, failed });
    actor.on("charon.ready", () => session(true));
    actor.on("charon.lost", () => session(false));
    observeTransitions(actor, { ...observer, broke });
    return actor;
  }
}
