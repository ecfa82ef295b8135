import { createActor, fromPromise } from "xstate";
import type { LeaseLock } from "../../adapters/kubernetes/lease.ts";
import { leaderMachine } from "../../machines/leader.ts";

export interface LeadershipOptions {
  readonly lock: LeaseLock;
  /** Starts what only one may do; what it gives is disposed of at the end. */
  readonly onLeading: () => void;
  /** Somebody else may lead by now. */
  readonly onLost: () => void;
  readonly onTrouble: (error: unknown) => void;
}

/** Leads when it may. At its end it lets go of the lease, so that nobody waits. */
export class Leadership implements AsyncDisposable {
  readonly #lock: LeaseLock;
  readonly #onTrouble: (error: unknown) => void;
  readonly #actor;

  constructor({ lock, onLeading, onLost, onTrouble }: LeadershipOptions) {
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
    this.#actor = createActor(leaderMachine.provide({ actors: { acquire } }), { id: "leader" });
    this.#actor.on("leading", onLeading);
    this.#actor.on("lost", onLost);
    this.#actor.start();
  }

  get leading(): boolean {
    return this.#actor.getSnapshot().matches("leading");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { leading } = this;
    this.#actor.stop();
    if (leading) await this.#lock.release().catch(this.#onTrouble);
  }
}
