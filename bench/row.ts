/** One figure of two, measured side by side in one run. */
export interface Row {
  readonly what: string;
  /** What it is compared with; nothing for a limit of its own. */
  readonly against: string;
  readonly unit: string;
  readonly ours: number;
  readonly theirs?: number;
  /** Of the ratio, or, where nothing is compared, of the figure itself. */
  readonly goal: { readonly atLeast: number } | { readonly atMost: number };
  /** True where a larger figure is the better one; the ratio is ours to theirs then. */
  readonly larger?: boolean;
}

/** Ours to theirs where both are rates or the goal is an upper limit; theirs to ours for times. */
export function ratioOf({ ours, theirs, goal, larger }: Row): number | undefined {
  if (theirs === undefined) return undefined;
  return larger === true || "atMost" in goal ? ours / theirs : theirs / ours;
}

export function isMet(row: Row): boolean {
  const figure = ratioOf(row) ?? row.ours;
  return "atLeast" in row.goal ? figure >= row.goal.atLeast : figure <= row.goal.atMost;
}

/** The rows as a table of Markdown. */
export function tableOf(rows: readonly Row[]): string {
  const lines = rows.map((row) => {
    const { what, against, unit, ours, theirs, goal } = row;
    const ratio = ratioOf(row);
    return [
      what,
      against,
      `${figure(ours)} ${unit}`,
      theirs === undefined ? "–" : `${figure(theirs)} ${unit}`,
      ratio === undefined ? "–" : ratio.toFixed(2),
      "atLeast" in goal ? `≥ ${goal.atLeast}` : `≤ ${goal.atMost}`,
      isMet(row) ? "met" : "missed",
    ];
  });
  const head = ["what", "against", "ipman", "the other", "ratio", "goal", ""];
  const all = [head, head.map(() => "---"), ...lines];
  return `${all.map((cells) => `| ${cells.join(" | ")} |`).join("\n")}\n`;
}

function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** What disturbs a measurement only makes it worse: the best of several counts. */
export const fastest = (milliseconds: readonly number[]): number => Math.min(...milliseconds);
export const highest = (rates: readonly number[]): number => Math.max(...rates);

/** The value that this share of them is below: 0.5 for the middle. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
