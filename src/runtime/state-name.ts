/**
 * The state that people are told of an actor: of nested ones the outermost, and of a charon
 * that is connected how far that is (`pruning`, `synchronising`, `ready`).
 */
export function stateName(machine: string, value: unknown): string {
  const nested = (value as { connected?: unknown }).connected;
  return topState(machine === "charon" && nested !== undefined ? nested : value);
}

/** `negotiating` of `{ negotiating: "waiting" }`. */
export function topState(value: unknown): string {
  if (typeof value === "string") return value;
  for (const name in value as object) return name;
  return "";
}
