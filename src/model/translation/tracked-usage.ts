/** The connections that a gateway tracks, and how many it can track: 0 if there is no limit. */
export interface TrackedUsage {
  readonly connections: number;
  readonly limit: number;
}
