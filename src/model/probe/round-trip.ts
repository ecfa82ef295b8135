/** A running estimate of the round trip, as of RFC 6298; milliseconds. */
export interface RoundTrip {
  readonly smoothedMs: number;
  readonly variationMs: number;
}

// RFC 6298, section 2.
const ofSmoothed = 1 / 8;
const ofVariation = 1 / 4;
const variations = 4;

/** A steady round trip has almost no variation; its next answer may still be a quarter later. */
const leastMargin = 1 / 4;

/** Takes a measured round trip into the estimate. */
export function withSample(known: RoundTrip | undefined, sampleMs: number): RoundTrip {
  if (known === undefined) return { smoothedMs: sampleMs, variationMs: sampleMs / 2 };
  const { smoothedMs, variationMs } = known;
  const deviationMs = Math.abs(smoothedMs - sampleMs);
  return {
    smoothedMs: smoothedMs + ofSmoothed * (sampleMs - smoothedMs),
    variationMs: variationMs + ofVariation * (deviationMs - variationMs),
  };
}

/** The time within which the next answer is due. */
export function answerWithinMs({ smoothedMs, variationMs }: RoundTrip): number {
  return smoothedMs + Math.max(variations * variationMs, leastMargin * smoothedMs);
}
