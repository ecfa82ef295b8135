import type { Actor, HandledEvent } from "./actors.ts";

const most = 2_000;

/** The latest events of all actors together; bounded. */
export class EventLog {
  #events: HandledEvent[] = [];

  add(event: HandledEvent): void {
    this.#events.push(event);
    // Cutting at twice the bound costs one copy for every 2,000 events.
    if (this.#events.length > 2 * most) this.#events = this.#events.slice(-most);
  }

  /** An actor's events, the latest first. */
  of({ title }: Actor, count: number): HandledEvent[] {
    const found: HandledEvent[] = [];
    for (let i = this.#events.length - 1; i >= 0 && found.length < count; i--) {
      const event = this.#events[i];
      if (event?.actor.title === title) found.push(event);
    }
    return found;
  }
}
