/**
 * The record's own member of that name. Names come from manifests, peers and clients, and
 * `record[name]` would also find inherited members such as `constructor`.
 */
export function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
