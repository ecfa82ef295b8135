import { sameItems } from "./same-items.ts";

interface Computed<T> {
  readonly facts: readonly unknown[];
  readonly value: T;
}

/**
 * Computes a value for each subject, and computes it again only when one of the facts that it
 * depends on is a different object. An unchanged value is the same object.
 */
export class Memo<Subject extends object, T> {
  readonly #known = new WeakMap<Subject, Computed<T>>();

  /**
   * @param facts everything that `compute` depends on, always in the same order
   * @param compute gets the previous value of the subject
   */
  of(subject: Subject, facts: readonly unknown[], compute: (previous: T | undefined) => T): T {
    const known = this.#known.get(subject);
    if (known !== undefined && sameItems(known.facts, facts)) return known.value;
    const value = compute(known?.value);
    this.#known.set(subject, { facts, value });
    return value;
  }
}

/** A function that computes its result once for each object, which therefore must be immutable. */
export function memo<Subject extends object, T>(
  compute: (subject: Subject) => T,
): (subject: Subject) => T {
  const values = new Memo<Subject, T>();
  return (subject) => values.of(subject, none, () => compute(subject));
}

const none: readonly unknown[] = [];
