// oxlint-disable-next-line no-restricted-imports -- the only place
import { Actor, type ActorOptions, type AnyActorLogic, type InputFrom } from "xstate";
import { contained } from "./contained.ts";

/** The owner's reactions to the end of a root actor. */
export interface ActorOwner {
  /**
   * An exception stopped the actor. The owner reports it, and starts another actor or ends itself.
   */
  readonly failed: (error: unknown) => void;
  /** The actor reached its final state. */
  readonly done?: () => void;
  /** Reports an exception of one of the functions above. */
  readonly broke: (error: unknown) => void;
}

type InputOf<Logic extends AnyActorLogic> =
  undefined extends InputFrom<Logic> ? unknown : { readonly input: InputFrom<Logic> };

/**
 * Creates a root actor with an observer for its errors. Without an observer XState rethrows an
 * exception where nothing can catch it, and the process ends. The linter refuses root actors that
 * are created otherwise.
 */
export function observedActor<Logic extends AnyActorLogic>(
  logic: Logic,
  options: ActorOptions<Logic> & InputOf<Logic>,
  owner: ActorOwner,
): Actor<Logic> {
  const actor = new Actor(logic, options);
  actor.subscribe(new EndObserver(owner));
  return actor;
}

/** Reports the end of an actor to its owner, whose exceptions are contained. */
class EndObserver {
  readonly #owner: ActorOwner;

  constructor(owner: ActorOwner) {
    this.#owner = owner;
  }

  error(error: unknown): void {
    contained(this.#owner.broke, this.#owner.failed)(error);
  }

  complete(): void {
    contained(this.#owner.broke, () => this.#owner.done?.())();
  }
}
