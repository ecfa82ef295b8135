/** A measurement of ipman and of a reference, made side by side in one run. */
export interface Row {
  readonly what: string;
  /** The reference; `–` for a limit without a reference. */
  readonly against: string;
  readonly unit: string;
  readonly ours: number;
  readonly theirs?: number;
  /** The goal of the ratio, or of the value itself if there is no reference. */
  readonly goal: { readonly atLeast: number } | { readonly atMost: number };
  /** Whether a larger value is better; the ratio is then ours to theirs. */
  readonly larger?: boolean;
}

/** Ours to theirs if both are rates or the goal is an upper limit; theirs to ours for times. */
export function ratioOf({ ours, theirs, goal, larger }: Row): number | undefined {
  if (theirs === undefined) return undefined;
  return larger === true || "atMost" in goal ? ours / theirs : theirs / ours;
}

export function isMet(row: Row): boolean {
  const value = ratioOf(row) ?? row.ours;
  return "atLeast" in row.goal ? value >= row.goal.atLeast : value <= row.goal.atMost;
}

/** The rows as a Markdown table. */
export function tableOf(rows: readonly Row[]): string {
  const lines = rows.map((row) => {
    const { what, against, unit, ours, theirs, goal } = row;
    const ratio = ratioOf(row);
    return [
      what,
      against,
      `${formatValue(ours)} ${unit}`,
      theirs === undefined ? "–" : `${formatValue(theirs)} ${unit}`,
      ratio === undefined ? "–" : ratio.toFixed(2),
      "atLeast" in goal ? `≥ ${goal.atLeast}` : `≤ ${goal.atMost}`,
      isMet(row) ? "met" : "missed",
    ];
  });
  const head = ["what", "against", "ipman", "the other", "ratio", "goal", ""];
  const all = [head, head.map(() => "---"), ...lines];
  return `${all.map((cells) => `| ${cells.join(" | ")} |`).join("\n")}\n`;
}

function formatValue(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** The best of several measurements counts, since disturbances only make a result worse. */
export const fastest = (milliseconds: readonly number[]): number => Math.min(...milliseconds);
export const highest = (rates: readonly number[]): number => Math.max(...rates);

/** The value below which this share of the values lies: 0.5 for the median. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
