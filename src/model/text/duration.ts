const secondsPer: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Seconds in a time as swanctl writes it: `90`, `30s`, `5m`, `4h`, `1d`. */
export function parseSeconds(text: string): number | undefined {
  const match = /^(\d{1,9})([smhd]?)$/.exec(text.trim());
  if (match === null) return undefined;
  return Number(match[1]) * (secondsPer[match[2] as string] ?? 1);
}
