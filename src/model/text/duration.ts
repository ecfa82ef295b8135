const units = [
  ["d", 86_400],
  ["h", 3_600],
  ["m", 60],
  ["s", 1],
] as const;

const secondsPer: ReadonlyMap<string, number> = new Map(units);

/** Seconds in a duration as swanctl.conf has it: `90`, `30s`, `5m`, `4h`, `1d`. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9})([smhd]?)$/.exec(text.trim());
  if (match === null) return undefined;
  return Number(match[1]) * (secondsPer.get(match[2] as string) ?? 1);
}

/** A duration in seconds as kubectl prints it, by its two largest units: `12s`, `3m5s`, `3d4h`. */
export function formatDuration(seconds: number): string {
  let rest = Math.max(0, Math.floor(seconds));
  const parts = units.map(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return { unit, count };
  });
  const first = parts.findIndex(({ count }) => count > 0);
  if (first < 0) return "0s";
  const shown = parts.slice(first, first + 2).filter(({ count }) => count > 0);
  return shown.map(({ unit, count }) => `${count}${unit}`).join("");
}
