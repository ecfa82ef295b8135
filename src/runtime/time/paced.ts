/** The longest rest: work may be slow because it waits for another process. */
const maxRestMs = 1_000;

/**
 * Limits work that many callers request to a share of the time. Runs follow one another, each after
 * a rest in proportion to the duration of the run before it, of a second at most. All callers
 * before the begin of a run share its result, which therefore is never older than their request.
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
      return pause(Math.min(maxRestMs, tookMs * (1 / share - 1)));
    };
    rested = result.then(rest, rest);
    return result;
  };
  return () => (next ??= run());
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, milliseconds).unref());
}
