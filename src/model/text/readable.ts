const units = [
  ["d", 86_400],
  ["h", 3_600],
  ["m", 60],
  ["s", 1],
] as const;

/** A time that passed, as kubectl writes it: `12s`, `3m5s`, `2h`, `3d4h`. */
export function formatSeconds(seconds: number): string {
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

/** `976 B`, `12.3 kB`, `4.5 GB`. */
export function formatBytes(bytes: number): string {
  const step = Math.min(Math.floor(Math.log10(Math.max(1, bytes)) / 3), 4);
  if (step === 0) return `${bytes} B`;
  return `${(bytes / 1_000 ** step).toFixed(1)} ${["", "k", "M", "G", "T"][step]}B`;
}
