import type { Actor } from "./actors.ts";
import { outermost } from "./actors.ts";
import { html } from "./elements.ts";
import { lasting } from "./times.ts";
import { toneOf } from "./tone.ts";

const rowHeight = 26;
/** Rows above and below what is seen, so that a quick scroll finds them drawn. */
const spare = 8;

interface Row {
  readonly element: HTMLElement;
  readonly name: HTMLElement;
  readonly state: HTMLElement;
  readonly time: HTMLElement;
}

/** The actors as a list; only the rows that are seen exist. */
export class ListView {
  readonly #viewport: HTMLElement;
  readonly #canvas = html("div", { class: "rows" });
  readonly #rows: Row[] = [];
  #actors: readonly Actor[] = [];
  #selected: string | undefined;

  constructor(viewport: HTMLElement, onSelect: (actor: Actor) => void) {
    this.#viewport = viewport;
    viewport.append(this.#canvas);
    viewport.addEventListener("scroll", () => this.#draw(), { passive: true });
    new ResizeObserver(() => this.#draw()).observe(viewport);
    this.#canvas.addEventListener("click", ({ target }) => {
      const row = (target as Element).closest<HTMLElement>("[data-index]");
      const actor = this.#actors[Number(row?.dataset["index"])];
      if (actor !== undefined) onSelect(actor);
    });
  }

  /** The actors that are wanted, and the title of the one that is looked at. */
  show(actors: readonly Actor[], selected: string | undefined): void {
    this.#actors = actors;
    this.#selected = selected;
    this.#canvas.style.height = `${actors.length * rowHeight}px`;
    this.#draw();
  }

  /** Scrolls so far that one is seen. */
  reveal(index: number): void {
    const top = index * rowHeight;
    const { scrollTop, clientHeight } = this.#viewport;
    if (top < scrollTop) this.#viewport.scrollTop = top;
    else if (top + rowHeight > scrollTop + clientHeight)
      this.#viewport.scrollTop = top + rowHeight - clientHeight;
  }

  #draw(): void {
    const { scrollTop, clientHeight } = this.#viewport;
    const first = Math.max(0, Math.floor(scrollTop / rowHeight) - spare);
    const count = Math.ceil(clientHeight / rowHeight) + 2 * spare;
    const last = Math.min(this.#actors.length, first + count);
    const now = Date.now();
    for (let i = first; i < last; i++) this.#fill(this.#row(i - first), i, now);
    for (let i = Math.max(0, last - first); i < this.#rows.length; i++) {
      const row = this.#rows[i];
      if (row !== undefined) row.element.hidden = true;
    }
  }

  #row(place: number): Row {
    const known = this.#rows[place];
    if (known !== undefined) return known;
    const name = html("span", { class: "name" });
    const state = html("span", { class: "state" });
    const time = html("span", { class: "time" });
    const element = html("div", { class: "row", role: "treeitem" }, name, state, time);
    const row = { element, name, state, time };
    this.#rows[place] = row;
    this.#canvas.append(element);
    return row;
  }

  #fill({ element, name, state, time }: Row, index: number, now: number): void {
    const actor = this.#actors[index];
    if (actor === undefined) return;
    element.hidden = false;
    element.style.transform = `translateY(${index * rowHeight}px)`;
    element.style.setProperty("--depth", String(actor.depth));
    element.dataset["index"] = String(index);
    element.dataset["title"] = actor.title;
    element.dataset["tone"] = toneOf(actor.state);
    element.setAttribute("aria-level", String(actor.depth + 1));
    element.setAttribute("aria-selected", String(actor.title === this.#selected));
    write(name, actor.name.replace(/^child\./, ""));
    write(state, outermost(actor.state));
    write(time, lasting(now - actor.since));
  }
}

/** Leaves alone what stands there already: a layout is dearer than a comparison. */
function write(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
