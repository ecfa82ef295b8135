import { isDeepStrictEqual } from "node:util";

/** JSON, as far as objects of the API have it. */
export type Json = { [key: string]: Json } | Json[] | string | number | boolean | null | undefined;

/** The lists of a status whose entries have owners of their own, with the field that identifies one. */
const keyOfList: Readonly<Record<string, string>> = {
  conditions: "type",
  children: "key",
  paths: "name",
};

/** The maps that have one owner as a whole. */
const atomicMaps: ReadonlySet<string> = new Set(["xfrmGatewayIp", "freeIps", "pendingIps"]);

/** A member of an object, or the entry of a list whose identifying field has that value. */
type Step = string | { readonly key: string; readonly value: string };

/** The values of an object that have owners, by the steps to them as text. */
type Leaves = ReadonlyMap<string, { readonly steps: readonly Step[]; readonly value: Json }>;

/**
 * The owners of the fields of one object, as server-side apply keeps them: a field that a manager no
 * longer applies is removed unless another one owns it too.
 */
export class FieldOwners {
  readonly #owned = new Map<string, Leaves>();

  /** The object after a manager applied a part of it by force. */
  apply(object: Json, manager: string, part: Json): Json {
    const before = this.#owned.get(manager) ?? new Map<never, never>();
    const now = leavesOf(part);
    for (const [other, leaves] of this.#owned) this.#owned.set(other, withoutLost(leaves, now));
    this.#owned.set(manager, now);
    const owned = new Set([...this.#owned.values()].flatMap((leaves) => [...leaves.keys()]));
    const merged = new Map(leavesOf(object));
    for (const id of before.keys()) if (!owned.has(id)) merged.delete(id);
    for (const [id, leaf] of now) merged.set(id, leaf);
    return objectOf(merged);
  }
}

/** The fields that a manager still owns after another one applied others by force. */
function withoutLost(leaves: Leaves, applied: Leaves): Leaves {
  const kept = [...leaves].filter(([id, { value }]) => {
    const other = applied.get(id);
    return other === undefined || isDeepStrictEqual(other.value, value);
  });
  return new Map(kept);
}

function leavesOf(value: Json, steps: readonly Step[] = []): Leaves {
  const members = membersOf(value, steps.at(-1));
  if (members === undefined || members.length === 0)
    return new Map([[JSON.stringify(steps), { steps, value }]]);
  const leaves = members.map(([step, member]) => leavesOf(member, [...steps, step]));
  return new Map(leaves.flatMap((found) => [...found]));
}

/** The parts of a value that have owners of their own; undefined if it has one owner as a whole. */
function membersOf(value: Json, last: Step | undefined): [Step, Json][] | undefined {
  const name = typeof last === "string" ? last : "";
  if (Array.isArray(value)) {
    const key = keyOfList[name];
    if (key === undefined || !value.every(isRecord)) return undefined;
    return value.map((entry) => [{ key, value: entry[key] as string }, entry]);
  }
  return isRecord(value) && !atomicMaps.has(name) ? Object.entries(value) : undefined;
}

function objectOf(leaves: Leaves): Json {
  const root: { [key: string]: Json } = {};
  for (const { steps, value } of leaves.values()) put(root, steps, value);
  return root;
}

function put(target: Json, [step, ...rest]: readonly Step[], value: Json): void {
  if (typeof step === "string") {
    const record = target as { [key: string]: Json };
    if (rest.length === 0) {
      const isEmpty = isRecord(value) && Object.keys(value).length === 0;
      if (!isEmpty || record[step] === undefined) record[step] = structuredClone(value);
    } else put((record[step] ??= typeof rest[0] === "string" ? {} : []), rest, value);
  } else if (step !== undefined) {
    const list = target as { [key: string]: Json }[];
    const known = list.find((entry) => entry[step.key] === step.value);
    const entry = known ?? { [step.key]: step.value };
    if (known === undefined) list.push(entry);
    put(entry, rest, value);
  }
}

/** Whether a value is an object. */
export function isRecord(value: Json): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
