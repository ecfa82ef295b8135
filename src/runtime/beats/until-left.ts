import { setTimeout as sleep } from "node:timers/promises";
import type { ConnectionBeats } from "./connection-beats.ts";
import type { Departures } from "./departures.ts";

/** Between two comparisons, milliseconds. */
const stepMs = 100;
/** Within the five seconds that the pods of a group have to end. */
const mostSteps = 30;
/** An agent on a node that is drained may be ended before it learns that the node was cordoned. */
const noticeSteps = 10;
/** For the reports of the last decision, which are sent three times. */
const reportsMs = 300;

/**
 * Resolves when the traffic has left this group, or after three seconds; after one second if the group
 * does not leave, and at once if it carries no traffic that another group could carry. An agent that ends
 * in the middle of a move would leave it to others to notice.
 */
export async function untilLeft(
  beats: Pick<ConnectionBeats<object>, "leading">,
  departures: Pick<Departures, "leaves">,
  pause: (milliseconds: number) => Promise<unknown> = sleep,
): Promise<void> {
  let hasLeft = false;
  for (let step = 0; step < mostSteps; step++) {
    const led = [...beats.leading].filter(([, leads]) => leads).map(([id]) => id);
    const leaving = led.some((id) => departures.leaves(id));
    if (led.length === 0 || (!leaving && (hasLeft || step >= noticeSteps))) break;
    hasLeft ||= leaving;
    await pause(stepMs);
  }
  if (hasLeft) await pause(reportsMs);
}
