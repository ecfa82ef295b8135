import { rootOf, subtreeOf, type Actor } from "./actors.ts";
import { html, svg } from "./elements.ts";
import type { History, Span } from "./history.ts";
import { clock, formatDuration } from "./times.ts";
import { toneOf } from "./tone.ts";

const laneHeight = 20;
const axisHeight = 18;
const labelWidth = 190;

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

  /** For how long back it reaches. */
  set windowMs(ms: number) {
    this.#windowMs = ms;
  }

  /** Draws the tree of an actor up to now. */
  show(actor: Actor, now: number): void {
    const lanes = subtreeOf(rootOf(actor));
    const width = Math.max(200, this.#element.clientWidth - 16);
    const height = axisHeight + lanes.length * laneHeight;
    const image = svg("svg", { width, height, role: "img", "aria-label": "timeline" });
    const scale = { from: now - this.#windowMs, now, width: width - labelWidth };
    image.append(axis(scale, height));
    for (const [i, lane] of lanes.entries()) {
      const group = svg("g", {
        class: lane === actor ? "lane selected" : "lane",
        transform: `translate(0 ${axisHeight + i * laneHeight})`,
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

/** A choice of how far back the timeline reaches. */
export function windowChoice(onChoice: (ms: number) => void): HTMLElement {
  const choices = [1, 5, 30, 120].map((minutes) =>
    html(
      "option",
      { value: minutes * 60_000, selected: minutes === 5 ? "" : undefined },
      formatDuration(minutes * 60_000)
        .replace(" 0 s", "")
        .replace(" 0 min", ""),
    ),
  );
  const select = html("select", { "aria-label": "how far back" }, ...choices);
  select.addEventListener("change", () => onChoice(Number(select.value)));
  return select;
}

interface Scale {
  readonly from: number;
  readonly now: number;
  /** Pixels for all of it. */
  readonly width: number;
}

function placeOf(at: number, { from, now, width }: Scale): number {
  return labelWidth + (Math.max(0, at - from) / (now - from)) * width;
}

function bar({ state, from, to, event }: Span, scale: Scale): SVGElement {
  const start = placeOf(from, scale);
  // One that was left at once is to be seen as well.
  const width = Math.max(2, placeOf(to ?? scale.now, scale) - start);
  const rect = svg("rect", {
    class: "span",
    x: start,
    y: 3,
    width,
    height: laneHeight - 6,
    rx: 2,
    "data-tone": toneOf(state),
    "data-state": state,
  });
  const why = event === undefined ? "" : `\nby ${event}`;
  const time = formatDuration((to ?? scale.now) - from);
  rect.append(svg("title", {}, `${state} for ${time}, since ${clock(from)}${why}`));
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
