import { rootOf, subtreeOf, type Actor } from "./actors.ts";
import { html, svg } from "./elements.ts";
import type { History, Span } from "./history.ts";
import { formatDuration, formatTime } from "./times.ts";
import { toneOf } from "./tone.ts";

const axisHeight = 18;
const barHeight = 14;
/** Below this width a title stands above its bar instead of beside it. */
const narrowWidth = 600;

/** The states of a connection, its children and their gateways over time. */
export class TimelineView {
  readonly #element: HTMLElement;
  readonly #history: History;
  readonly #onSelect: (actor: Actor) => void;
  #windowMs = 5 * 60_000;

  constructor(element: HTMLElement, history: History, onSelect: (actor: Actor) => void) {
    this.#element = element;
    this.#history = history;
    this.#onSelect = onSelect;
  }

  /** The period that the timeline covers, up to now. */
  set windowMs(ms: number) {
    this.#windowMs = ms;
  }

  /** Draws the tree of an actor. */
  show(actor: Actor, now: number): void {
    const lanes = subtreeOf(rootOf(actor));
    const width = Math.max(200, this.#element.clientWidth - 16);
    const scale = scaleOf(width, now - this.#windowMs, now);
    const height = axisHeight + lanes.length * scale.laneHeight;
    const states = lanes.map(({ title, shown }) => `${title} ${shown}`).join(", ");
    const label = `states of the last ${formatDuration(this.#windowMs)}; now: ${states}`;
    const image = svg("svg", { width, height, role: "img", "aria-label": label });
    image.append(axis(scale, height));
    for (const [i, lane] of lanes.entries()) {
      const group = svg("g", {
        class: lane === actor ? "lane selected" : "lane",
        transform: `translate(0 ${axisHeight + i * scale.laneHeight})`,
        "data-title": lane.title,
      });
      group.append(svg("text", { x: 4 + lane.depth * 10, y: 14 }, lane.title));
      const spans = this.#history.of(lane.title).filter(({ to }) => (to ?? now) > scale.from);
      group.append(...spans.map((span) => bar(span, scale)));
      group.addEventListener("click", () => this.#onSelect(lane));
      image.append(group);
    }
    this.#element.replaceChildren(image);
  }
}

/** A select element for the period that the timeline covers. */
export function windowChoice(onChoice: (ms: number) => void): HTMLElement {
  const choices = [1, 5, 30, 120].map((minutes) =>
    html(
      "option",
      { value: minutes * 60_000, selected: minutes === 5 ? "" : undefined },
      formatDuration(minutes * 60_000),
    ),
  );
  const select = html("select", { "aria-label": "timeline period" }, ...choices);
  select.addEventListener("change", () => onChoice(Number(select.value)));
  return select;
}

/** How times become places, in pixels. */
interface Scale {
  readonly from: number;
  readonly now: number;
  readonly labelWidth: number;
  readonly width: number;
  readonly laneHeight: number;
  readonly barTop: number;
}

function scaleOf(width: number, from: number, now: number): Scale {
  const isNarrow = width < narrowWidth;
  const labelWidth = isNarrow ? 4 : 190;
  const barTop = isNarrow ? 18 : 3;
  const laneHeight = barTop + barHeight + (isNarrow ? 4 : 3);
  return { from, now, labelWidth, width: width - labelWidth, laneHeight, barTop };
}

function placeOf(at: number, { from, now, width, labelWidth }: Scale): number {
  return labelWidth + (Math.max(0, at - from) / (now - from)) * width;
}

function bar({ state, shown, from, to, event }: Span, scale: Scale): SVGElement {
  const start = placeOf(from, scale);
  // Two pixels at least, so that a state that was left at once is visible.
  const width = Math.max(2, placeOf(to ?? scale.now, scale) - start);
  const rect = svg("rect", {
    class: "span",
    x: start,
    y: scale.barTop,
    width,
    height: barHeight,
    rx: 2,
    "data-tone": toneOf(shown),
    "data-state": state,
  });
  const cause = event === undefined ? "" : `\nby ${event}`;
  const duration = formatDuration((to ?? scale.now) - from);
  rect.append(svg("title", {}, `${state} for ${duration}, since ${formatTime(from)}${cause}`));
  return rect;
}

function axis(scale: Scale, height: number): SVGElement {
  const group = svg("g", { class: "axis" });
  const step = (scale.now - scale.from) / 5;
  for (let i = 1; i <= 5; i++) {
    const at = scale.from + i * step;
    const x = placeOf(at, scale);
    const text = i === 5 ? "now" : `−${formatDuration(scale.now - at)}`;
    group.append(
      svg("line", { x1: x, x2: x, y1: axisHeight, y2: height }),
      svg("text", { x, y: 12, "text-anchor": "end" }, text),
    );
  }
  return group;
}
