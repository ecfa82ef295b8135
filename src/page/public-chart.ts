import { statesIn, type Chart, type ChartState } from "./chart.ts";

export interface PublicChartState {
  readonly name: string;
  /** True if the actor has ended, or is about to end, in this state. */
  readonly isEnd: boolean;
  /** The public states that transitions from here lead to. */
  readonly next: readonly string[];
}

/**
 * A chart reduced to its public states, in the order of the chart; empty for a chart that has
 * none. Transitions that start at the machine itself, as they can happen in every state, are
 * left out.
 */
export function publicChart({ root, transitions }: Chart): PublicChartState[] {
  const names = new Map<string, string>();
  nameAll(root, undefined, names);
  const ends = new Set(
    statesIn(root)
      .filter(({ isFinal }) => isFinal)
      .map(({ id }) => names.get(id)),
  );
  const steps = transitions.map(({ source, target }) => [names.get(source), names.get(target)]);
  return [...new Set(names.values())].map((name) => {
    const targets = steps.filter(([from, to]) => from === name && to !== name);
    const next = targets.flatMap(([, to]) => (to === undefined ? [] : [to]));
    return { name, isEnd: ends.has(name), next: [...new Set(next)] };
  });
}

/** Notes the public state of each state: its own, or that of the state around it. */
function nameAll(
  { id, publicState, states }: ChartState,
  outer: string | undefined,
  names: Map<string, string>,
): void {
  const name = publicState ?? outer;
  if (name !== undefined) names.set(id, name);
  for (const inner of states) nameAll(inner, name, names);
}
