import { fromPromise } from "xstate";
import type { LeaseLock } from "../../adapters/kubernetes/lease.ts";
import { leaderMachine } from "../../machines/leader.ts";
import { contained } from "../actors/contained.ts";
import { observedActor } from "../actors/observed-actor.ts";

export interface LeadershipOptions {
  readonly lock: LeaseLock;
  /** Starts the work of the leader. */
  readonly onLeading: () => void;
  /** Called when another replica may lead. */
  readonly onLost: () => void;
  /**
   * Called when an exception stopped the leader's actor or `onLeading`: this replica cannot
   * continue.
   */
  readonly onFailed: (error: unknown) => void;
  readonly onTrouble: (error: unknown) => void;
}

/** Leads while this replica holds the lease; releases it at the end, so that no replica waits. */
export class Leadership implements AsyncDisposable {
  readonly #lock: LeaseLock;
  readonly #onTrouble: (error: unknown) => void;
  readonly #actor;
  /** Whether to release the lease at the end. */
  #leading = false;

  constructor({ lock, onLeading, onLost, onFailed, onTrouble }: LeadershipOptions) {
    this.#lock = lock;
    this.#onTrouble = onTrouble;
    const acquire = fromPromise<boolean, void>(async () => {
      try {
        return await lock.acquire();
      } catch (error) {
        onTrouble(error);
        throw error;
      }
    });
    const logic = leaderMachine.provide({ actors: { acquire } });
    const owner = { failed: onFailed, broke: onFailed };
    this.#actor = observedActor(logic, { id: "leader" }, owner);
    const lead = () => {
      this.#leading = true;
      onLeading();
    };
    const lose = () => {
      this.#leading = false;
      onLost();
    };
    this.#actor.on("leading", contained(onFailed, lead));
    this.#actor.on("lost", contained(onFailed, lose));
    this.#actor.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#actor.stop();
    if (this.#leading) await this.#lock.release().catch(this.#onTrouble);
  }
}
