import { isUp, type PublicState } from "../../model/status/public-state.ts";

/** When a state began, in seconds of the monotonic clock. A rekey does not restart it. */
export function sinceWhen(
  state: PublicState,
  before: { readonly state: PublicState; readonly since: number } | undefined,
): number {
  const same =
    before !== undefined && (before.state === state || (isUp(before.state) && isUp(state)));
  return same ? before.since : performance.now() / 1_000;
}
