/**
 * The member that a record itself has by a name. Names come from manifests, peers and clients:
 * `record[name]` would find `constructor` and `toString` in every object.
 */
export function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
