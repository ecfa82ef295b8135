/** States that say little by themselves: what is inside them does. */
const telling: Readonly<Record<string, string>> = { charon: "connected", probe: "asking" };

/**
 * The state that people are told of an actor: of nested ones the outermost, of a charon that
 * is connected how far that is (`pruning`, `synchronising`, `ready`), and of a probe what came
 * of it.
 */
export function stateName(machine: string, value: unknown): string {
  const nested = (value as Readonly<Record<string, unknown>>)[telling[machine] ?? ""];
  return topState(nested ?? value);
}

/** `negotiating` of `{ negotiating: "waiting" }`. */
export function topState(value: unknown): string {
  if (typeof value === "string") return value;
  for (const name in value as object) return name;
  return "";
}
