import type { InspectorMessage } from "../runtime/inspector/wire.ts";
import { Actors, rootOf, type Actor } from "./actors.ts";
import { chartOf, type Chart } from "./chart.ts";
import { ChartView } from "./chart-view.ts";
import { DetailsView } from "./details-view.ts";
import { byId, html } from "./elements.ts";
import { countByState, matcher } from "./filter.ts";
import { EventLog } from "./event-log.ts";
import { History } from "./history.ts";
import { Layout } from "./layout.ts";
import { ListView } from "./list-view.ts";
import { TimelineView, windowChoice } from "./timeline-view.ts";
import { toneOf } from "./tone.ts";

const shownEvents = 40;
/** What is shown of one actor is not drawn more often: nobody reads faster. */
const detailMs = 100;

/** The page: takes what it is told at any rate, and draws once a frame at most. */
export class Page {
  readonly #actors = new Actors();
  readonly #history = new History();
  readonly #eventLog = new EventLog();
  readonly #charts = new Map<string, Chart>();
  readonly #select = (actor: Actor) => this.select(actor.title);
  readonly #list = new ListView(byId("actors"), () => this.#actors.now, this.#select);
  readonly #chart = new ChartView(byId("chart"), new Layout());
  readonly #details = new DetailsView(byId("details"));
  readonly #timeline = new TimelineView(byId("timeline"), this.#history, this.#select);
  #words = "";
  #state: string | undefined;
  #selected: string | undefined = decodeURIComponent(location.hash.slice(1)) || undefined;
  #wanted: readonly Actor[] = [];
  #isDue = false;
  #isRevealed = false;
  #isTouched = true;
  #drawnAt = -Infinity;
  /** At most one: every frame finds that it is too early. */
  #later: ReturnType<typeof setTimeout> | undefined;
  #isPaused = false;

  constructor() {
    byId("window").append(
      windowChoice((ms) => {
        this.#timeline.windowMs = ms;
        this.#turn();
      }),
    );
    addEventListener("resize", () => this.#touch());
    // Times go on, whatever happens.
    setInterval(() => this.#touch(), 1_000);
  }

  begin(): void {
    this.#actors.clear();
    this.#isTouched = true;
    byId("connection").dataset["state"] = "connected";
  }

  lose(): void {
    byId("connection").dataset["state"] = "lost";
  }

  take(events: readonly InspectorMessage[]): void {
    const root = this.#rootSelected();
    for (const told of events) {
      const handled = this.#actors.take(told);
      if (told.type === "@xstate.actor") this.#begun(told.sessionId);
      if (handled === undefined) continue;
      this.#eventLog.note(handled);
      if (rootOf(handled.actor) === root) this.#isTouched = true;
      const { move } = handled;
      if (move === undefined) continue;
      this.#history.move(move);
      if (move.actor.title === this.#selected && !this.#isPaused) this.#chart.flash(move);
    }
    this.#due();
  }

  search(words: string): void {
    this.#words = words;
    this.#due();
  }

  /** Only what is in this state; again for all. */
  filter(state: string): void {
    this.#state = this.#state === state ? undefined : state;
    this.#due();
  }

  select(title: string): void {
    this.#selected = title;
    history.replaceState(undefined, "", `#${encodeURIComponent(title)}`);
    this.#turn();
  }

  /** The one so many rows below that matches; the list goes on at its other end. */
  step(by: number, matches: (actor: Actor) => boolean = () => true): void {
    const rows = this.#wanted;
    const start = rows.findIndex(({ title }) => title === this.#selected);
    for (let i = 1; i <= rows.length; i++) {
      const index = (start + by * i + 2 * rows.length) % rows.length;
      const actor = rows[index];
      if (actor === undefined || !matches(actor)) continue;
      this.select(actor.title);
      return this.#list.reveal(index);
    }
  }

  /** Lets the picture stand still; what happens meanwhile is seen afterwards. */
  pause(): void {
    this.#isPaused = !this.#isPaused;
    byId("pause").setAttribute("aria-pressed", String(this.#isPaused));
    this.#due();
  }

  zoom(factor: number | undefined): void {
    this.#chart.zoom(factor);
  }

  #begun(sessionId: string): void {
    const actor = this.#actors.bySession(sessionId);
    if (actor !== undefined) this.#history.begin(actor.title, actor.state, actor.since);
  }

  #rootSelected(): Actor | undefined {
    const actor = this.#actors.byTitle(this.#selected ?? "");
    return actor && rootOf(actor);
  }

  /** What is shown of one actor is to be drawn anew, not the list alone. */
  #touch(): void {
    this.#isTouched = true;
    this.#due();
  }

  /** What a person has asked for comes at once. */
  #turn(): void {
    this.#drawnAt = -Infinity;
    this.#touch();
  }

  #due(): void {
    if (this.#isDue || document.hidden) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      if (!this.#isPaused) this.#draw();
    });
  }

  #draw(): void {
    const all = this.#actors.ordered;
    this.#wanted = all.filter(matcher({ words: this.#words, state: this.#state }));
    this.#selected ??= this.#wanted[0]?.title;
    this.#list.show(this.#wanted, this.#selected);
    this.#revealOnce();
    this.#drawChips(all);
    const actor = this.#actors.byTitle(this.#selected ?? "");
    document.body.classList.toggle("nobody", actor === undefined);
    if (actor === undefined || !this.#isTouched) return;
    const drawnAt = performance.now();
    if (drawnAt - this.#drawnAt < detailMs) {
      if (this.#later !== undefined) return;
      this.#later = setTimeout(() => {
        this.#later = undefined;
        this.#due();
      }, detailMs);
      return;
    }
    this.#isTouched = false;
    this.#drawnAt = drawnAt;
    const { now } = this.#actors;
    this.#details.show(actor, this.#eventLog.of(actor, shownEvents), now);
    this.#timeline.show(actor, now);
    const chart = this.#chartOf(actor);
    if (chart !== undefined) void this.#chart.show(chart, actor.value);
  }

  /** Who comes by a link to an actor wants to see it. */
  #revealOnce(): void {
    const index = this.#wanted.findIndex(({ title }) => title === this.#selected);
    if (this.#isRevealed || index < 0) return;
    this.#isRevealed = true;
    this.#list.reveal(index);
  }

  #drawChips(all: readonly Actor[]): void {
    const counts = [...countByState(all)];
    const text = JSON.stringify([counts, this.#state]);
    const chips = byId("chips");
    if (chips.dataset["shows"] === text) return;
    chips.dataset["shows"] = text;
    chips.replaceChildren(
      ...counts.map(([state, count]) => {
        const pressed = String(state === this.#state);
        const attributes = { type: "button", "data-tone": toneOf(state), "aria-pressed": pressed };
        const chip = html("button", attributes, `${state} ${count}`);
        chip.addEventListener("click", () => this.filter(state));
        return chip;
      }),
    );
  }

  #chartOf(actor: Actor): Chart | undefined {
    const known = this.#charts.get(actor.machine);
    if (known !== undefined) return known;
    const definition = this.#actors.definitionOf(actor);
    if (definition === undefined) return undefined;
    const chart = chartOf(definition);
    this.#charts.set(actor.machine, chart);
    return chart;
  }
}
