import type { ObjectMeta } from "./schema/object-meta.ts";

/** The times of writes in an object's metadata. */
interface WriteTimes {
  readonly creationTimestamp?: string;
  readonly managedFields?: readonly { readonly time?: string }[];
}

/** The time of the last write of an object in seconds since the epoch, if its metadata has one. */
export function writtenAt(metadata: ObjectMeta): number | undefined {
  const { creationTimestamp, managedFields = [] } = metadata as WriteTimes;
  const times = [creationTimestamp, ...managedFields.map(({ time }) => time)];
  const known = times.map((time) => Date.parse(time ?? "")).filter(Number.isFinite);
  return known.length === 0 ? undefined : Math.max(...known) / 1_000;
}
