/** For each machine, the state whose nested state is shown in its place. */
const wrappers: Readonly<Record<string, string>> = { charon: "connected", probe: "asking" };

/**
 * The state of an actor's chart that metrics and logs show: the outermost state; for a connected
 * charon the progress of the session (`pruning`, `synchronising`, `ready`), and for a probe that
 * is asking its result.
 */
export function stateName(machine: string, value: unknown): string {
  const nested = (value as Readonly<Record<string, unknown>>)[wrappers[machine] ?? ""];
  return topState(nested ?? value);
}

/** `negotiating` for `{ negotiating: "waiting" }`. */
export function topState(value: unknown): string {
  if (typeof value === "string") return value;
  for (const name in value as object) return name;
  return "";
}
