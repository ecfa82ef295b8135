import type { InspectorMessage } from "../runtime/inspector/wire.ts";
import { Actors, rootOf, type Actor } from "./actors.ts";
import { DetailsView } from "./details-view.ts";
import { byId, setAttribute, setText } from "./elements.ts";
import { EventLog } from "./event-log.ts";
import { countByState, matcher } from "./filter.ts";
import { History } from "./history.ts";
import { MachineView } from "./machine-view.ts";
import { StateFilter } from "./state-filter.ts";
import { TimelineView, windowChoice } from "./timeline-view.ts";
import { TreeView } from "./tree-view.ts";

const shownEvents = 40;
/** The selected actor is drawn at most every 100 ms: a reader is not faster. */
const detailMs = 100;

/** The page: receives messages at any rate, and draws at most once per frame. */
export class Page {
  readonly #actors = new Actors();
  readonly #history = new History();
  readonly #eventLog = new EventLog();
  readonly #tree = new TreeView(byId("actors"), {
    now: () => this.#actors.now,
    onSelect: ({ title }) => this.select(title),
    onOpen: () => this.toggleInside(),
  });
  readonly #filter = new StateFilter(byId("chips"), (state) => this.filter(state));
  readonly #machine = new MachineView(() => this.#drawSoon());
  readonly #details = new DetailsView(byId("details"));
  readonly #timeline = new TimelineView(byId("timeline"), this.#history, ({ title }) =>
    this.select(title),
  );
  #words = "";
  #state: string | undefined;
  #selected: string | undefined = decodeURIComponent(location.hash.slice(1)) || undefined;
  #listed: readonly Actor[] = [];
  #isFrameRequested = false;
  #isRevealed = false;
  /** The selected actor has to be drawn, not only the tree. */
  #isSelectedChanged = true;
  #selectedDrawnAt = -Infinity;
  /** A timer runs: there is at most one, however many frames come too early. */
  #isDrawDelayed = false;
  #isPaused = false;

  constructor() {
    const choice = windowChoice((ms) => {
      this.#timeline.windowMs = ms;
      this.#drawSoon();
    });
    byId("window").append(choice);
    addEventListener("resize", () => this.#drawSelected());
    // Durations grow without any message.
    setInterval(() => this.#drawSelected(), 1_000);
  }

  connected(): void {
    this.#actors.clear();
    this.#isSelectedChanged = true;
    showConnection("connected", "live");
  }

  disconnected(): void {
    showConnection("lost", "no connection; trying again");
  }

  receive(messages: readonly InspectorMessage[]): void {
    const root = this.#selectedRoot();
    for (const message of messages) {
      const handled = this.#actors.apply(message);
      if (message.type === "@xstate.actor") this.#beginHistory(message.sessionId);
      if (handled === undefined) continue;
      this.#eventLog.add(handled);
      if (rootOf(handled.actor) === root) this.#isSelectedChanged = true;
      const { change } = handled;
      if (change === undefined) continue;
      this.#history.change(change);
      if (change.actor.title === this.#selected && !this.#isPaused) this.#machine.flash(change);
    }
    this.#requestFrame();
  }

  search(words: string): void {
    this.#words = words;
    this.#requestFrame();
  }

  /** Lists only the actors in this state; for the same state again, all. */
  filter(state: string): void {
    this.#state = this.#state === state ? undefined : state;
    this.#requestFrame();
  }

  select(title: string): void {
    if (title !== this.#selected) this.#machine.close();
    this.#selected = title;
    history.replaceState(undefined, "", `#${encodeURIComponent(title)}`);
    this.#drawSoon();
  }

  /** Selects the next row in steps of `by` that matches; continues at the other end of the tree. */
  step(by: number, matches: (actor: Actor) => boolean = () => true): void {
    const rows = this.#listed;
    const start = rows.findIndex(({ title }) => title === this.#selected);
    for (let i = 1; i <= rows.length; i++) {
      const index = (start + by * i + 2 * rows.length) % rows.length;
      const actor = rows[index];
      if (actor === undefined || !matches(actor)) continue;
      this.select(actor.title);
      return this.#tree.reveal(index);
    }
  }

  /** Stops drawing, or continues; the events in between are shown then. */
  pause(): void {
    this.#isPaused = !this.#isPaused;
    setAttribute(byId("pause"), "aria-pressed", String(this.#isPaused));
    this.#requestFrame();
  }

  toggleInside(): void {
    this.#machine.toggle();
  }

  closeInside(): void {
    this.#machine.close();
  }

  zoom(factor: number | undefined): void {
    this.#machine.zoom(factor);
  }

  #beginHistory(sessionId: string): void {
    const actor = this.#actors.bySession(sessionId);
    if (actor !== undefined) this.#history.begin(actor);
  }

  #selectedRoot(): Actor | undefined {
    const actor = this.#actors.byTitle(this.#selected ?? "");
    return actor && rootOf(actor);
  }

  #drawSelected(): void {
    this.#isSelectedChanged = true;
    this.#requestFrame();
  }

  /** Draws what the reader asked for in the next frame. */
  #drawSoon(): void {
    this.#selectedDrawnAt = -Infinity;
    this.#drawSelected();
  }

  #requestFrame(): void {
    if (this.#isFrameRequested || document.hidden) return;
    this.#isFrameRequested = true;
    requestAnimationFrame(() => {
      this.#isFrameRequested = false;
      if (!this.#isPaused) this.#draw();
    });
  }

  #draw(): void {
    const all = this.#actors.ordered;
    this.#listed = all.filter(matcher({ words: this.#words, state: this.#state }));
    this.#selected ??= this.#listed[0]?.title;
    this.#tree.show(this.#listed, this.#selected);
    this.#revealOnce();
    this.#filter.show(countByState(all), this.#state);
    const actor = this.#actors.byTitle(this.#selected ?? "");
    document.body.classList.toggle("empty", actor === undefined);
    if (actor === undefined || !this.#isSelectedChanged) return;
    const drawnAt = performance.now();
    if (drawnAt - this.#selectedDrawnAt < detailMs) {
      if (this.#isDrawDelayed) return;
      this.#isDrawDelayed = true;
      setTimeout(() => {
        this.#isDrawDelayed = false;
        this.#requestFrame();
      }, detailMs);
      return;
    }
    this.#isSelectedChanged = false;
    this.#selectedDrawnAt = drawnAt;
    const { now } = this.#actors;
    this.#details.show(actor, this.#eventLog.of(actor, shownEvents), now);
    this.#timeline.show(actor, now);
    const definition = this.#actors.definitionOf(actor);
    if (definition !== undefined) this.#machine.show(actor, definition, now);
  }

  /** Scrolls to the actor that the page's address names. */
  #revealOnce(): void {
    const index = this.#listed.findIndex(({ title }) => title === this.#selected);
    if (this.#isRevealed || index < 0) return;
    this.#isRevealed = true;
    this.#tree.reveal(index);
  }
}

function showConnection(state: "connected" | "lost", text: string): void {
  const element = byId("connection");
  element.dataset["state"] = state;
  setText(element, text);
}
