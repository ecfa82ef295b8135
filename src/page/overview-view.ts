import { failureOf, type Actor } from "./actors.ts";
import { activeStates, statesIn, type Chart } from "./chart.ts";
import { html, setAttribute, setText } from "./elements.ts";
import { publicChart, type PublicChartState } from "./public-chart.ts";
import { formatAge, formatTime } from "./times.ts";
import { toneOf } from "./tone.ts";

interface Item {
  readonly state: PublicChartState;
  readonly element: HTMLElement;
  readonly button: HTMLElement;
}

/**
 * The public states of a connection or child. The active one is lit; beside it stand for how
 * long, why, and how the actor came there. A click on a state opens the chart inside.
 */
export class OverviewView {
  readonly #list = html("ol", { class: "states" });
  readonly #note = new Note();
  readonly #onOpen: () => void;
  #chart: Chart | undefined;
  #items: readonly Item[] = [];

  constructor(element: HTMLElement, onOpen: () => void) {
    this.#onOpen = onOpen;
    const hint = html("p", { class: "hint" }, "Select a state to open the whole chart.");
    element.replaceChildren(this.#list, hint);
  }

  show(actor: Actor, chart: Chart, now: number): void {
    if (this.#chart !== chart) this.#build(chart);
    this.#chart = chart;
    setAttribute(this.#list, "aria-label", `states of ${actor.title}`);
    for (const { state, element, button } of this.#items) {
      const isActive = state.name === actor.publicState;
      element.hidden = state.isEnd && !isActive;
      element.classList.toggle("active", isActive);
      setAttribute(button, "aria-current", String(isActive));
      if (!isActive) continue;
      this.#note.show(actor, chart, state, now);
      if (this.#note.element.parentElement !== element) element.append(this.#note.element);
    }
  }

  #build(chart: Chart): void {
    const states = publicChart(chart);
    this.#items = states.map((state, i) => {
      const attributes = { type: "button", "data-tone": toneOf(state.name) };
      const button = html("button", attributes, state.name);
      button.addEventListener("click", this.#onOpen);
      const link = linkBetween(states[i - 1], state);
      const element = html("li", { "data-public": state.name, "data-link": link }, button);
      return { state, element, button };
    });
    this.#list.replaceChildren(...this.#items.map(({ element }) => element));
  }
}

/** An arrow for the transitions between a state and the one above it; undefined without any. */
function linkBetween(
  above: PublicChartState | undefined,
  below: PublicChartState,
): string | undefined {
  if (above === undefined) return undefined;
  const isDown = above.next.includes(below.name);
  const isUp = below.next.includes(above.name);
  if (isDown && isUp) return "↕";
  if (isDown) return "↓";
  return isUp ? "↑" : undefined;
}

/** The text beside the active state. */
class Note {
  readonly #age = html("p", { class: "age" });
  readonly #failure = html("p", { class: "failure" });
  readonly #inner = html("p", { class: "inner" });
  readonly #arrival = html("p", { class: "arrival" });
  readonly #next = html("p", { class: "next" });
  readonly element = html(
    "div",
    { class: "note" },
    this.#age,
    this.#failure,
    this.#inner,
    this.#arrival,
    this.#next,
  );

  show(actor: Actor, chart: Chart, { next }: PublicChartState, now: number): void {
    const { arrival, publicState, state } = actor;
    write(this.#age, `for ${formatAge(actor, now)}`);
    write(this.#failure, failureOf(actor));
    const inner = state === publicState ? "" : `${state}: `;
    write(this.#inner, `${inner}${descriptionOf(actor, chart)}`);
    write(
      this.#arrival,
      arrival && `from ${arrival.shownFrom} at ${formatTime(arrival.at)}, by ${arrival.event}`,
    );
    write(this.#next, next.length === 0 ? undefined : `can go to ${next.join(", ")}`);
  }
}

function write(element: HTMLElement, text: string | undefined): void {
  setText(element, text ?? "");
  element.hidden = text === undefined;
}

/** The description of the innermost active state that has one. */
function descriptionOf({ value }: Actor, { root }: Chart): string {
  const active = new Set(activeStates(root.id, value));
  const described = statesIn(root).filter(({ id, description }) => description && active.has(id));
  return described.at(-1)?.description ?? "";
}
