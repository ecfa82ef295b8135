import { failureOf, type Actor, type HandledEvent } from "./actors.ts";
import { html, setAttribute, setText } from "./elements.ts";
import { longRole, pathOf } from "./path-role.ts";
import { formatAge, formatTime } from "./times.ts";
import { toneOf } from "./tone.ts";

/**
 * The details of one actor and its latest events. Elements whose content is unchanged stay as they
 * are, so that a selected text stays selected.
 */
export class DetailsView {
  readonly #title = html("h2");
  readonly #state = html("span");
  readonly #time = html("span", { class: "time" });
  readonly #role = html("p", { class: "role" });
  readonly #failure = html("p", { class: "failure" });
  readonly #events = html("ol", { class: "events", tabindex: 0, "aria-label": "events" });
  readonly #context = html("dl", { class: "context" });
  #shownEvents: readonly HandledEvent[] = [];

  constructor(element: HTMLElement) {
    element.replaceChildren(
      this.#title,
      html("p", { class: "state" }, this.#state, " for ", this.#time),
      this.#role,
      this.#failure,
      html("h3", {}, "Events"),
      this.#events,
      html("h3", {}, "Context"),
      this.#context,
    );
  }

  /** @param events the latest first */
  show(actor: Actor, events: readonly HandledEvent[], now: number): void {
    const failure = failureOf(actor);
    setText(this.#title, actor.title);
    setAttribute(this.#title, "data-tone", toneOf(actor.shown));
    setText(this.#state, actor.shown);
    setText(this.#time, formatAge(actor, now));
    const path = pathOf(actor);
    setText(this.#role, path === undefined ? "" : longRole(path));
    this.#role.hidden = path === undefined;
    setText(this.#failure, failure ?? "");
    this.#failure.hidden = failure === undefined;
    this.#showEvents(events);
    this.#showContext(actor.context);
  }

  /** Adds the new events at the top and removes as many at the end; all differ for a new actor. */
  #showEvents(events: readonly HandledEvent[]): void {
    const [latest] = this.#shownEvents;
    const known = latest === undefined ? -1 : events.indexOf(latest);
    if (known < 0) {
      this.#events.replaceChildren(...events.map(eventLine));
    } else {
      this.#events.prepend(...events.slice(0, known).map(eventLine));
      while (this.#events.childElementCount > events.length)
        this.#events.lastElementChild?.remove();
    }
    this.#shownEvents = events;
  }

  #showContext(context: Actor["context"]): void {
    const fields = Object.entries(context).filter(
      ([name, value]) => name !== "failure" && value !== undefined && value !== null,
    );
    const names = [...this.#context.querySelectorAll("dt")].map(({ textContent }) => textContent);
    if (names.join() !== fields.map(([name]) => name).join())
      this.#context.replaceChildren(
        ...fields.flatMap(([name]) => [html("dt", {}, name), html("dd")]),
      );
    const places = this.#context.querySelectorAll("dd");
    for (const [i, [, value]] of fields.entries()) {
      const place = places[i];
      if (place !== undefined) setText(place, formatField(value));
    }
  }
}

function eventLine({ at, event, change }: HandledEvent): HTMLElement {
  const line = html("li", {}, html("time", {}, formatTime(at)), html("span", {}, event));
  if (change === undefined) return line;
  const { to, shown } = change;
  line.append(html("span", { class: "change", "data-tone": toneOf(shown) }, `→ ${to}`));
  return line;
}

function formatField(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value, undefined, 1);
}
