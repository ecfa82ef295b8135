import type { Actor, StateChange } from "./actors.ts";
import { chartOf, type Chart } from "./chart.ts";
import { ChartView } from "./chart-view.ts";
import { byId, setAttribute, setText } from "./elements.ts";
import { Layout } from "./layout.ts";
import { OverviewView } from "./overview-view.ts";

/**
 * The chart of an actor: the public states of a connection or child, from which the whole chart
 * can be opened; always the whole chart for other actors.
 */
export class MachineView {
  readonly #overview = new OverviewView(byId("overview"), () => this.#openFromOverview());
  readonly #chart = new ChartView(byId("chart"), new Layout());
  readonly #toggle = byId("inside");
  readonly #charts = new Map<string, Chart>();
  readonly #onToggle: () => void;
  #isOpen = false;

  /** @param onToggle the view has to be drawn again */
  constructor(onToggle: () => void) {
    this.#onToggle = onToggle;
    this.#toggle.addEventListener("click", () => this.toggle());
  }

  /** @param definition the chart of the actor's machine as JSON */
  show(actor: Actor, definition: string, now: number): void {
    const chart = this.#charts.get(actor.machine) ?? chartOf(definition);
    this.#charts.set(actor.machine, chart);
    const hasOverview = actor.publicState !== undefined;
    const isOpen = this.#isOpen || !hasOverview;
    this.#toggle.hidden = !hasOverview;
    setText(this.#toggle, isOpen ? "back to the public states" : "open the whole chart");
    setAttribute(this.#toggle, "aria-expanded", String(isOpen));
    byId("overview").hidden = isOpen;
    byId("chart").hidden = !isOpen;
    if (isOpen) void this.#chart.show(chart, actor.value);
    else this.#overview.show(actor, chart, now);
  }

  toggle(): void {
    this.#isOpen = !this.#isOpen;
    this.#onToggle();
  }

  close(): void {
    if (this.#isOpen) this.toggle();
  }

  /** Zooms the whole chart by a factor; undefined shows all of it. */
  zoom(factor: number | undefined): void {
    this.#chart.zoom(factor);
  }

  /** Highlights the transition that the shown actor has just taken. */
  flash(change: StateChange): void {
    this.#chart.flash(change);
  }

  /** The pressed button disappears: its focus goes to the one that leads back. */
  #openFromOverview(): void {
    this.toggle();
    this.#toggle.focus();
  }
}
