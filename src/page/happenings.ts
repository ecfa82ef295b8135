import type { Actor, Happening } from "./actors.ts";

const most = 2_000;

/** What happened last, of all actors together; bounded. */
export class Happenings {
  #all: Happening[] = [];

  note(happening: Happening): void {
    this.#all.push(happening);
    // Cut now and then, not for each one.
    if (this.#all.length > 2 * most) this.#all = this.#all.slice(-most);
  }

  /** An actor's own, the latest first. */
  of({ title }: Actor, count: number): Happening[] {
    const found: Happening[] = [];
    for (let i = this.#all.length - 1; i >= 0 && found.length < count; i--) {
      const happening = this.#all[i];
      if (happening?.actor.title === title) found.push(happening);
    }
    return found;
  }
}
