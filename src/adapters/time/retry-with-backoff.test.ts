import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { concat, defer, EMPTY, of, throwError, timer, VirtualTimeScheduler } from "rxjs";
import { retryWithBackoff, type RetryOptions } from "./retry-with-backoff.ts";

/**
 * Subscribes to a source that fails after each of these times and then completes; returns the
 * times of the subscriptions, in milliseconds of a virtual clock.
 */
function attempts(failsAfterMs: readonly number[], options: Partial<RetryOptions>, random = 1) {
  const scheduler = new VirtualTimeScheduler();
  const errors: unknown[] = [];
  const times: number[] = [];
  const source = defer(() => {
    times.push(scheduler.now());
    const failsAfter = failsAfterMs[times.length - 1];
    if (failsAfter === undefined) return EMPTY;
    const wait = timer(failsAfter, scheduler);
    return concat(
      of(times.length),
      defer(() => wait),
      throwError(() => `failure ${times.length}`),
    );
  });
  const clock = { elapsed: () => scheduler.now(), scheduler, random: () => random };
  const onError = (error: unknown) => void errors.push(error);
  source.pipe(retryWithBackoff({ onError, clock, ...options })).subscribe();
  scheduler.flush();
  return { times, errors };
}

describe("a retry with backoff", () => {
  it("waits twice as long after each failure, up to a maximum", () => {
    const { times } = attempts([0, 0, 0, 0], { firstMs: 100, maxMs: 400 });
    assert.deepEqual(times, [0, 100, 300, 700, 1_100]);
  });

  it("waits for at least half of that time", () => {
    const { times } = attempts([0, 0], { firstMs: 100 }, 0);
    assert.deepEqual(times, [0, 50, 150]);
  });

  it("begins again with the first wait after a subscription that lasted", () => {
    const { times } = attempts([0, 0, 999, 1_000, 0], { firstMs: 100, resetAfterMs: 1_000 });
    const afterShort = 300 + 999 + 400;
    const afterLong = afterShort + 1_000 + 100;
    assert.deepEqual(times, [0, 100, 300, afterShort, afterLong, afterLong + 200]);
  });

  it("reports each error once", () => {
    assert.deepEqual(attempts([0, 0], {}).errors, ["failure 1", "failure 2"]);
  });

  it("counts the failures of each subscriber separately", () => {
    const options = { onError: () => {}, firstMs: 100 };
    const scheduler = new VirtualTimeScheduler();
    const clock = { elapsed: () => scheduler.now(), scheduler, random: () => 1 };
    const times: number[] = [];
    const source = defer(() => {
      times.push(scheduler.now());
      return times.length === 1 || times.length === 3 ? throwError(() => "failed") : EMPTY;
    }).pipe(retryWithBackoff({ ...options, clock }));
    source.subscribe();
    scheduler.flush();
    source.subscribe();
    scheduler.flush();
    assert.deepEqual(times, [0, 100, 100, 200]);
  });
});
