import { systemClock, type Clock } from "../time/clock.ts";
import type { ChildStatus, Status } from "../../model/status/status.ts";

/** The time of a status, in seconds since the epoch. */
export interface Dated {
  readonly at: number;
}

/**
 * A status with each `since` in seconds since the epoch. The times are computed from the monotonic
 * age of each state, so an age is right even if the clock was set meanwhile.
 */
export function dated<S extends Status>(status: S, clock: Clock = systemClock): S & Dated {
  const begin = (clock.date() - clock.elapsed()) / 1_000;
  const sinceOf = ({ since }: Pick<ChildStatus, "since">) =>
    since === 0 ? 0 : Math.floor(begin + since);
  const connections = status.connections.map((connection) => {
    const children = connection.children.map((child) => ({ ...child, since: sinceOf(child) }));
    const paths = connection.paths?.map((path) => ({ ...path, since: sinceOf(path) }));
    const { lastSwitch } = connection;
    return {
      ...connection,
      since: sinceOf(connection),
      children,
      ...(paths !== undefined && { paths }),
      ...(lastSwitch !== undefined && {
        lastSwitch: { ...lastSwitch, since: sinceOf(lastSwitch) },
      }),
    };
  });
  return { ...status, at: Math.floor(clock.date() / 1_000), connections };
}
