/** Work that is slow because it waits for another process is not put off for longer. */
const mostRestMs = 1_000;

/**
 * Work that many may ask for, and that takes a share of the time at most: one run after another,
 * each after a rest in proportion to the time that the one before it took, of a second at most. All that ask before a
 * run begins get its result, which therefore is never older than their request.
 *
 * @param share of the time, above 0 and up to 1
 */
export function paced<T>(work: () => Promise<T>, share: number): () => Promise<T> {
  let rested: Promise<unknown> = Promise.resolve();
  let next: Promise<T> | undefined;
  const run = async () => {
    await rested;
    next = undefined;
    const began = performance.now();
    const result = work();
    const rest = () => {
      const tookMs = performance.now() - began;
      return pause(Math.min(mostRestMs, tookMs * (1 / share - 1)));
    };
    rested = result.then(rest, rest);
    return result;
  };
  return () => (next ??= run());
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, milliseconds).unref());
}
