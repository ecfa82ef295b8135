interface Made<T> {
  readonly facts: readonly unknown[];
  readonly result: T;
}

/** What is made of facts is made again only when one of them is another. */
export class Remembered<Subject extends object, T> {
  readonly #known = new WeakMap<Subject, Made<T>>();

  /**
   * @param facts everything that `make` depends on
   * @param make is given what was made before
   */
  of(subject: Subject, facts: readonly unknown[], make: (before: T | undefined) => T): T {
    const known = this.#known.get(subject);
    if (known !== undefined && areSame(known.facts, facts)) return known.result;
    const result = make(known?.result);
    this.#known.set(subject, { facts, result });
    return result;
  }
}

function areSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((fact, i) => fact === b[i]);
}
