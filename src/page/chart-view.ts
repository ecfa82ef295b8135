import type { ElkEdgeSection, ElkNode, ElkPoint } from "elkjs";
import type { StateChange } from "./actors.ts";
import { activeStates, statesIn, type Chart, type ChartState } from "./chart.ts";
import { chartGraph, type ChartEdge } from "./chart-graph.ts";
import { html, svg } from "./elements.ts";
import type { Layout } from "./layout.ts";
import { PanZoom } from "./pan-zoom.ts";

const flashMs = 1_500;
const bend = 6;

/** The whole chart of a machine, with the active states lit. */
export class ChartView {
  readonly #element: HTMLElement;
  readonly #layout: Layout;
  readonly #drawn = new Map<string, Promise<SVGSVGElement>>();
  #wanted: Chart | undefined;
  #active: readonly string[] = [];
  #panZoom: PanZoom | undefined;

  constructor(element: HTMLElement, layout: Layout) {
    this.#element = element;
    this.#layout = layout;
  }

  /** Shows a chart, which is laid out once for each machine. */
  async show(chart: Chart, value: unknown): Promise<void> {
    const active = activeStates(chart.root.id, value);
    const isChanged = active.join() !== this.#active.join();
    this.#active = active;
    if (this.#wanted === chart) return isChanged ? this.#light() : undefined;
    this.#wanted = chart;
    this.#panZoom?.dispose();
    this.#panZoom = undefined;
    const drawing = this.#drawn.get(chart.root.id) ?? this.#draw(chart);
    this.#drawn.set(chart.root.id, drawing);
    const image = await drawing.catch((error: unknown) => html("p", {}, String(error)));
    // Another chart may be wanted by now.
    if (this.#wanted !== chart) return;
    this.#element.replaceChildren(image);
    if (image instanceof SVGSVGElement) this.#panZoom = new PanZoom(image);
    this.#light();
  }

  /** Zooms by a factor; undefined shows the whole chart. */
  zoom(factor: number | undefined): void {
    this.#panZoom?.zoom(factor);
  }

  /** Highlights the transition that an actor has just taken. */
  flash({ from, to, event }: Pick<StateChange, "from" | "to" | "event">): void {
    const machine = this.#wanted?.root.id ?? "";
    const taken = [...this.#element.querySelectorAll<SVGElement>(".edge")].filter(
      ({ dataset: { source = "", events = "" } }) =>
        events.split(" ").includes(event) && isWithin(`${machine}.${from}`, source),
    );
    const direct = taken.filter(({ dataset: { target = "" } }) =>
      isWithin(`${machine}.${to}`, target),
    );
    // If transitions without an event followed, no single one leads to the state.
    for (const edge of direct.length > 0 ? direct : taken) {
      edge.classList.add("taken");
      setTimeout(() => edge.classList.remove("taken"), flashMs);
    }
  }

  #light(): void {
    const active = new Set(this.#active);
    for (const state of this.#element.querySelectorAll<SVGElement>(".chart-state")) {
      state.classList.toggle("active", active.has(state.dataset["state"] ?? ""));
    }
    const [machine = "", ...states] = this.#active;
    const path = states.at(-1)?.slice(machine.length + 1) ?? "none";
    const label = `state chart of ${machine}, active state: ${path}`;
    this.#element.querySelector("svg")?.setAttribute("aria-label", label);
    const innermost = this.#element.querySelector<SVGGraphicsElement>(
      `[data-state="${this.#active.at(-1) ?? ""}"]`,
    );
    if (innermost !== null) this.#panZoom?.follow(innermost.getBBox());
  }

  async #draw(chart: Chart): Promise<SVGSVGElement> {
    const graph = await this.#layout.of(chartGraph(chart, measure));
    const { width = 0, height = 0 } = graph;
    const image = svg("svg", {
      viewBox: `0 0 ${width} ${height}`,
      role: "img",
      "data-machine": chart.root.id,
    });
    image.append(arrowHead());
    const states = new Map(statesIn(chart.root).map((state) => [state.id, state]));
    image.append(...nodesOf(graph).flatMap((node) => stateBox(node, states)));
    image.append(...(graph.edges as ChartEdge[]).map(edgeOf));
    return image;
  }
}

function isWithin(state: string, outer: string): boolean {
  return state === outer || state.startsWith(`${outer}.`);
}

/** Outer nodes first, so that inner nodes are drawn on top of them. */
function nodesOf({ children = [] }: ElkNode): ElkNode[] {
  return children.flatMap((node) => [node, ...nodesOf(node)]);
}

function stateBox(node: ElkNode, states: ReadonlyMap<string, ChartState>): SVGElement[] {
  const { id, x = 0, y = 0, width = 0, height = 0 } = node;
  const state = states.get(id);
  if (state === undefined) return [svg("circle", { class: "initial", cx: x + 5, cy: y + 5, r: 4 })];
  const box = svg("g", {
    class: `chart-state${state.states.length > 0 ? " outer" : ""}${state.isFinal ? " final" : ""}`,
    "data-state": id,
  });
  box.append(svg("rect", { x, y, width, height, rx: 7 }));
  if (state.isFinal)
    box.append(svg("rect", { x: x + 3, y: y + 3, width: width - 6, height: height - 6, rx: 5 }));
  const middle = x + width / 2;
  const isOuter = state.states.length > 0;
  box.append(svg("text", { class: "title", x: isOuter ? x + 12 : middle, y: y + 20 }, state.name));
  for (const [i, name] of state.invokes.entries()) {
    const place = isOuter
      ? { x: x + width - 12, y: y + 20 + i * 14, "text-anchor": "end" }
      : { x: middle, y: y + 36 + i * 14 };
    box.append(svg("text", { class: "invoke", ...place }, `▸ ${name}`));
  }
  if (state.description !== undefined) box.append(svg("title", {}, state.description));
  return [box];
}

function edgeOf(edge: ChartEdge): SVGElement {
  const [source = ""] = edge.sources;
  const [target = ""] = edge.targets;
  if (edge.labels === undefined) {
    const [first] = edge.sections ?? [];
    return svg("path", { class: "initial-edge", d: first && pathOf(first) });
  }
  const group = svg("g", {
    class: "edge",
    "data-source": source,
    "data-target": target,
    "data-events": edge.events.join(" "),
  });
  for (const section of edge.sections ?? [])
    group.append(svg("path", { d: pathOf(section), "marker-end": "url(#arrow)" }));
  for (const { x = 0, y = 0, width = 0, height = 0, text = "" } of edge.labels) {
    group.append(svg("rect", { class: "label", x, y, width, height, rx: 3 }));
    for (const [i, line] of text.split("\n").entries())
      group.append(svg("text", { class: "event", x: x + width / 2, y: y + 11 + i * 14 }, line));
  }
  return group;
}

/** The path of an edge, with rounded corners. */
function pathOf({ startPoint, bendPoints = [], endPoint }: ElkEdgeSection): string {
  const points = [startPoint, ...bendPoints, endPoint];
  const middle = bendPoints.map((point, i) => {
    const before = towards(point, points[i] ?? point);
    const after = towards(point, points[i + 2] ?? point);
    return `L${before.x} ${before.y}Q${point.x} ${point.y} ${after.x} ${after.y}`;
  });
  return `M${startPoint.x} ${startPoint.y}${middle.join("")}L${endPoint.x} ${endPoint.y}`;
}

function towards(from: ElkPoint, to: ElkPoint): ElkPoint {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const share = length === 0 ? 0 : Math.min(bend, length / 2) / length;
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}

function arrowHead(): SVGElement {
  const marker = svg(
    "marker",
    {
      id: "arrow",
      viewBox: "0 0 8 8",
      refX: 7,
      refY: 4,
      markerWidth: 7,
      markerHeight: 7,
      orient: "auto-start-reverse",
    },
    svg("path", { d: "M0 0L8 4L0 8z" }),
  );
  return svg("defs", {}, marker);
}

const pen = document.createElement("canvas").getContext("2d");

function measure(text: string): number {
  if (pen === null) return text.length * 7;
  pen.font = "11px system-ui, sans-serif";
  return Math.ceil(pen.measureText(text).width);
}
