import { setImmediate as nextTurn } from "node:timers/promises";

/** The longest work in one turn of the event loop, in milliseconds. */
const sliceMs = 8;

/** Does work for each item, and lets the event loop run in between. */
export async function inSlices<T>(
  items: Iterable<T>,
  work: (item: T) => void,
  signal: AbortSignal,
): Promise<void> {
  let until = performance.now() + sliceMs;
  for (const item of items) {
    if (signal.aborted) return;
    work(item);
    if (performance.now() < until) continue;
    await nextTurn();
    until = performance.now() + sliceMs;
  }
}
