import { html } from "./elements.ts";
import { toneOf } from "./tone.ts";

/** A toggle button for each state, with the number of actors in it. */
export class StateFilter {
  readonly #element: HTMLElement;
  readonly #onToggle: (state: string) => void;
  #drawn = "";

  constructor(element: HTMLElement, onToggle: (state: string) => void) {
    this.#element = element;
    this.#onToggle = onToggle;
  }

  /** @param chosen the state whose button is pressed */
  show(counts: ReadonlyMap<string, number>, chosen: string | undefined): void {
    const wanted = JSON.stringify([...counts, chosen]);
    if (wanted === this.#drawn) return;
    this.#drawn = wanted;
    const focused = (document.activeElement as HTMLElement | null)?.dataset["filter"];
    const buttons = [...counts].map(([state, count]) => {
      const attributes = {
        type: "button",
        "data-filter": state,
        "data-tone": toneOf(state),
        "aria-pressed": String(state === chosen),
      };
      const button = html("button", attributes, `${state} ${count}`);
      button.addEventListener("click", () => this.#onToggle(state));
      return button;
    });
    this.#element.replaceChildren(...buttons);
    buttons.find(({ dataset }) => dataset["filter"] === focused && focused !== undefined)?.focus();
  }
}
