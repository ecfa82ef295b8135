import { failureOf, type Actor, type HandledEvent } from "./actors.ts";
import { html } from "./elements.ts";
import { clock, formatDuration } from "./times.ts";
import { toneOf } from "./tone.ts";

/** What is known of one actor, and the last that happened to it. */
export class DetailsView {
  readonly #element: HTMLElement;

  constructor(element: HTMLElement) {
    this.#element = element;
  }

  /** @param events the latest first */
  show(actor: Actor, events: readonly HandledEvent[], now: number): void {
    const failure = failureOf(actor);
    this.#element.replaceChildren(
      html("h2", { "data-tone": toneOf(actor.state) }, actor.title),
      html("p", { class: "state" }, `${actor.state} for ${formatDuration(now - actor.since)}`),
      ...(failure === undefined ? [] : [html("p", { class: "failure" }, failure)]),
      html("h3", {}, "Events"),
      html("ol", { class: "events" }, ...events.map(line)),
      html("h3", {}, "Context"),
      html("dl", { class: "context" }, ...fieldsOf(actor.context)),
    );
  }
}

function line({ at, event, move }: HandledEvent): HTMLElement {
  const moved =
    move === undefined
      ? []
      : [html("span", { class: "move", "data-tone": toneOf(move.to) }, `→ ${move.to}`)];
  return html("li", {}, html("time", {}, clock(at)), html("span", {}, event), ...moved);
}

function fieldsOf(context: Actor["context"]): HTMLElement[] {
  return Object.entries(context)
    .filter(([name, value]) => name !== "failure" && value !== undefined && value !== null)
    .flatMap(([name, value]) => [
      html("dt", {}, name),
      html("dd", {}, typeof value === "string" ? value : JSON.stringify(value, undefined, 1)),
    ]);
}
