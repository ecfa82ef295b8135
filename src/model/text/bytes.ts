/** A number of bytes with a unit: `976 B`, `12.3 kB`, `4.5 GB`. */
export function formatBytes(bytes: number): string {
  const step = Math.min(Math.floor(Math.log10(Math.max(1, bytes)) / 3), 4);
  if (step === 0) return `${bytes} B`;
  return `${(bytes / 1_000 ** step).toFixed(1)} ${["", "k", "M", "G", "T"][step]}B`;
}
