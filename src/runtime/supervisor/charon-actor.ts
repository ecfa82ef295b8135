import { Subject, type Observable } from "rxjs";
import type { Actor } from "xstate";
import type { Breakdowns } from "../actors/breakdowns.ts";
import type { charonLogic } from "./charon-logic.ts";
import { contained } from "../actors/contained.ts";
import { follow, type Follower } from "../actors/follow.ts";
import { observedActor } from "../actors/observed-actor.ts";

type Logic = ReturnType<typeof charonLogic>;

/** charon's actor in reports of what broke down: a connection can be named charon, but not so. */
export const charonBreakdown = "charon's actor";

export interface CharonActorOptions {
  readonly logic: Logic;
  readonly breakdowns: Breakdowns;
  readonly follower: Pick<Follower, "changed" | "moved">;
  /** A session with charon began, or ended. */
  readonly onSession: (isReady: boolean) => void;
}

/** The root actor of charon, which is made again where an exception ended it. */
export class CharonActor {
  readonly #options: CharonActorOptions;
  readonly #sessions = new Subject<boolean>();
  #actor: Actor<Logic>;
  #isReady = false;

  constructor(options: CharonActorOptions) {
    this.#options = options;
    this.#actor = this.#made();
  }

  /** The actor that runs now. */
  get ref(): Actor<Logic> {
    return this.#actor;
  }

  /** Whether a session with charon is there. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** {@link isReady}, as that comes and goes. */
  get sessions(): Observable<boolean> {
    return this.#sessions;
  }

  start(): void {
    this.#actor.start();
  }

  restart(): void {
    this.#actor = this.#made();
    this.#actor.start();
  }

  stop(): void {
    this.#actor.stop();
  }

  /** Asks for a list of SAs. */
  wantList(): void {
    this.#actor.send({ type: "sas.wanted" });
  }

  #made(): Actor<Logic> {
    const { logic, breakdowns, follower } = this.#options;
    const broke = (error: unknown) => breakdowns.report(charonBreakdown, error);
    const session = contained(broke, (isReady: boolean) => {
      this.#isReady = isReady;
      this.#sessions.next(isReady);
      this.#options.onSession(isReady);
    });
    const failed = (error: unknown) => {
      session(false);
      breakdowns.restartLater(charonBreakdown, error);
    };
    const actor = observedActor(logic, { id: "charon" }, { broke, failed });
    actor.on("charon.ready", () => session(true));
    actor.on("charon.lost", () => session(false));
    follow(actor, { ...follower, broke });
    return actor;
  }
}
