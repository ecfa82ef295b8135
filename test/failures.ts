import { relative } from "node:path";
import type { TestEvent } from "node:test/reporters";
import { inspect } from "node:util";

/** Begins each line that `all.ts` repeats at the end of its output. */
export const failureMark = "✖ | ";

/** Lines of one failure; an error that holds a large value would hide the other failures. */
const maxLines = 60;

/**
 * A reporter that prints each failure when it happens, in lines that `all.ts` finds again in the
 * output of a suite.
 */
export default async function* failures(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    if (event.type !== "test:fail") continue;
    const { name, file, line, details } = event.data;
    // A suite fails by its tests, which have been printed.
    const { error } = details;
    if ("failureType" in error && error.failureType === "subtestsFailed") continue;
    const where = file === undefined ? "" : ` (${relative(".", file)}:${String(line ?? 0)})`;
    const text = inspect(error.cause ?? error).split("\n");
    const lines = [`${name}${where}`, ...text.slice(0, maxLines)];
    yield lines.map((each) => `${failureMark}${each}\n`).join("");
  }
}
