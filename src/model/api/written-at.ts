import type { ObjectMeta } from "./schema/object-meta.ts";

/** What the API server notes of who wrote an object, and when. */
interface WriteTimes {
  readonly creationTimestamp?: string;
  readonly managedFields?: readonly { readonly time?: string }[];
}

/** When an object was last written, in seconds since the epoch, as far as its metadata says. */
export function writtenAt(metadata: ObjectMeta): number | undefined {
  const { creationTimestamp, managedFields = [] } = metadata as WriteTimes;
  const times = [creationTimestamp, ...managedFields.map(({ time }) => time)];
  const known = times.map((time) => Date.parse(time ?? "")).filter(Number.isFinite);
  return known.length === 0 ? undefined : Math.max(...known) / 1_000;
}
