import type { ElkExtendedEdge, ElkNode } from "elkjs";
import type { Chart, ChartState } from "./chart.ts";

/** The width of a drawn text in pixels. */
export type Measure = (text: string) => number;

/** All transitions from one state to another, as one edge with a label line for each. */
export interface ChartEdge extends ElkExtendedEdge {
  readonly events: readonly string[];
}

const lineHeight = 14;
const stateHeight = 32;
const layoutOptions = {
  "elk.algorithm": "layered",
  "elk.direction": "DOWN",
  "elk.hierarchyHandling": "INCLUDE_CHILDREN",
  "elk.json.edgeCoords": "ROOT",
  "elk.json.shapeCoords": "ROOT",
};
/** For each state with inner states; elkjs does not inherit options. */
const containerOptions = {
  "elk.padding": "[top=34,left=14,bottom=14,right=14]",
  "elk.edgeRouting": "ORTHOGONAL",
  "elk.spacing.nodeNode": "14",
  "elk.spacing.edgeEdge": "6",
  "elk.spacing.edgeLabel": "3",
  "elk.spacing.edgeNode": "8",
  "elk.layered.spacing.nodeNodeBetweenLayers": "14",
  "elk.layered.spacing.edgeNodeBetweenLayers": "8",
  "elk.layered.spacing.edgeEdgeBetweenLayers": "6",
  // Post-compaction would save another fifth of the area, but throws for some charts.
  "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
  "elk.layered.thoroughness": "40",
};

/** The graph that elkjs lays out for a chart. */
export function chartGraph(chart: Chart, measure: Measure): ElkNode {
  const root = { id: "chart", layoutOptions, children: [nodeOf(chart.root, measure)] };
  return { ...root, edges: [...edgesOf(chart, measure), ...initialEdges(chart.root)] };
}

/** The id of the dot that leads to the initial inner state. */
export function initialOf(id: string): string {
  return `${id}|initial`;
}

function nodeOf(state: ChartState, measure: Measure): ElkNode {
  const width = measure(state.name) + 36;
  if (state.states.length === 0) {
    const invokes = state.invokes.map((name) => measure(`▸ ${name}`) + 24);
    const height = stateHeight + state.invokes.length * lineHeight;
    return { id: state.id, width: Math.max(70, width, ...invokes), height };
  }
  const children = state.states.map((inner) => nodeOf(inner, measure));
  if (state.initial !== undefined)
    children.unshift({ id: initialOf(state.id), width: 10, height: 10 });
  const minimum = `(${Math.round(width)},60)`;
  return {
    id: state.id,
    children,
    layoutOptions: {
      ...containerOptions,
      "elk.nodeSize.constraints": "MINIMUM_SIZE",
      "elk.nodeSize.minimum": minimum,
    },
  };
}

function edgesOf({ transitions }: Chart, measure: Measure): ChartEdge[] {
  const between = Map.groupBy(transitions, ({ source, target }) => `${source}→${target}`);
  return [...between].map(([id, parallel]) => {
    const lines = [...new Set(parallel.map(({ label }) => label))];
    const [{ source, target } = { source: "", target: "" }] = parallel;
    const width = Math.max(...lines.map(measure)) + 8;
    const label = { text: lines.join("\n"), width, height: lines.length * lineHeight + 2 };
    const events = parallel.map(({ event }) => event);
    return { id, sources: [source], targets: [target], labels: [label], events };
  });
}

function initialEdges({ id, initial, states }: ChartState): ElkExtendedEdge[] {
  const innerEdges = states.flatMap(initialEdges);
  if (initial === undefined) return innerEdges;
  const dot = initialOf(id);
  return [{ id: dot, sources: [dot], targets: [initial] }, ...innerEdges];
}
