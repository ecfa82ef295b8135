import { setTimeout as sleep } from "node:timers/promises";
import type { ConnectionBeats } from "./connection-beats.ts";
import type { Departures } from "./departures.ts";

/** Between two comparisons, milliseconds. */
const stepMs = 100;
/** Within the five seconds that the pods of a group have to end. */
const mostSteps = 30;
/** For the reports of the last decision, which are sent three times. */
const reportsMs = 300;

/**
 * Resolves when the traffic has left this group, or after three seconds; at once if the group does not
 * leave. An agent that ends in the middle of a move would leave it to others to notice.
 */
export async function untilLeft(
  beats: Pick<ConnectionBeats<object>, "leading">,
  departures: Pick<Departures, "leaves">,
  pause: (milliseconds: number) => Promise<unknown> = sleep,
): Promise<void> {
  const isCarrying = () => [...beats.leading].some(([id, leads]) => leads && departures.leaves(id));
  if (!isCarrying()) return;
  for (let step = 0; step < mostSteps && isCarrying(); step++) await pause(stepMs);
  await pause(reportsMs);
}
