import type { Actor } from "./actors.ts";

const units = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
] as const;

/** A duration in its two largest units that are not 0: `12 s`, `3 min 5 s`, `2 h`, `3 d 4 h`. */
export function formatDuration(ms: number): string {
  let rest = Math.max(0, Math.floor(ms / 1_000));
  const parts = units.map(([unit, seconds]) => {
    const count = Math.floor(rest / seconds);
    rest -= count * seconds;
    return { unit, count };
  });
  const first = parts.findIndex(({ count }) => count > 0);
  if (first < 0) return "0 s";
  const shown = parts.slice(first, first + 2).filter(({ count }) => count > 0);
  return shown.map(({ unit, count }) => `${count} ${unit}`).join(" ");
}

/** For how long an actor has been in its shown state. */
export function formatAge({ since, arrival }: Pick<Actor, "since" | "arrival">, now: number) {
  // An actor was in the state in which the page found it for an unknown time before.
  return `${arrival === undefined ? "at least " : ""}${formatDuration(now - since)}`;
}

/** A time of day in the reader's time zone: `14:03:07.250`. */
export function formatTime(at: number): string {
  const time = new Date(at);
  const two = (number: number) => String(number).padStart(2, "0");
  const millis = String(time.getMilliseconds()).padStart(3, "0");
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${millis}`;
}
