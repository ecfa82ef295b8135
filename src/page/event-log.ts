import type { Actor, HandledEvent } from "./actors.ts";

const most = 2_000;

/** What happened last, of all actors together; bounded. */
export class EventLog {
  #all: HandledEvent[] = [];

  note(handled: HandledEvent): void {
    this.#all.push(handled);
    // Cut now and then, not for each one.
    if (this.#all.length > 2 * most) this.#all = this.#all.slice(-most);
  }

  /** An actor's own, the latest first. */
  of({ title }: Actor, count: number): HandledEvent[] {
    const found: HandledEvent[] = [];
    for (let i = this.#all.length - 1; i >= 0 && found.length < count; i--) {
      const handled = this.#all[i];
      if (handled?.actor.title === title) found.push(handled);
    }
    return found;
  }
}
