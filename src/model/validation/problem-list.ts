import type { Problem } from "../api/result.ts";
import { shortened } from "../text/shortened.ts";

/** The number of problems of one object that are reported one by one; the rest are counted. */
export const mostProblems = 50;

/** Characters of a path, which can hold any key of a manifest. */
const longestPath = 300;

/** Characters of a message, which can quote a value of a manifest. */
const longestMessage = 2_000;

/** Reports a problem of a part of an object, by a path relative to that part. */
export type ReportProblem = (path: string, message: string) => void;

/** The problems of one object, up to a bounded number. */
export class ProblemList {
  readonly #kept: Problem[] = [];
  #omitted = 0;

  /** Adds a problem, unless the message is undefined. */
  add(path: string, message: string | undefined): void {
    if (message === undefined) return;
    if (this.#kept.length >= mostProblems) this.#omitted++;
    else {
      this.#kept.push({
        path: shortened(path, longestPath),
        message: shortened(message, longestMessage),
      });
    }
  }

  addAll(problems: Iterable<Problem>): void {
    for (const { path, message } of problems) this.add(path, message);
  }

  /** Counts problems that the caller did not add. */
  omit(count: number): void {
    this.#omitted += count;
  }

  get isFull(): boolean {
    return this.#kept.length >= mostProblems;
  }

  /** The problems and, as the last entry, the number of further ones. */
  toArray(): Problem[] {
    if (this.#omitted === 0) return [...this.#kept];
    return [...this.#kept, { path: "…", message: `and ${this.#omitted} more problems` }];
  }
}
