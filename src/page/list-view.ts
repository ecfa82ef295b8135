import type { Actor } from "./actors.ts";
import { outermost } from "./actors.ts";
import { html } from "./elements.ts";
import { formatDuration } from "./times.ts";
import { toneOf } from "./tone.ts";

const rowHeight = 26;
/** Rows above and below what is seen, so that a quick scroll finds them drawn. */
const spare = 8;

interface Row {
  /** Of the actor that it shows; -1 of none. */
  index: number;
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

  readonly #now: () => number;

  /** @param now by the clock of the actors' times */
  constructor(viewport: HTMLElement, now: () => number, onSelect: (actor: Actor) => void) {
    this.#viewport = viewport;
    this.#now = now;
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

  /** A row goes on showing its actor while that is seen: a scroll by one changes one. */
  #draw(): void {
    const { scrollTop, clientHeight } = this.#viewport;
    const count = Math.ceil(clientHeight / rowHeight) + 2 * spare;
    const first = Math.max(0, Math.floor(scrollTop / rowHeight) - spare);
    const last = Math.min(this.#actors.length, first + count);
    for (let i = this.#rows.length; i < count; i++) this.#rows.push(this.#newRow());
    for (let i = count; i < this.#rows.length; i++) this.#rows[i]?.element.remove();
    this.#rows.length = count;
    const now = this.#now();
    const places = new Set<number>();
    for (let i = first; i < last; i++) {
      places.add(i % count);
      this.#fill(this.#rows[i % count] as Row, i, now);
    }
    for (const [place, { element }] of this.#rows.entries()) {
      if (places.has(place) || element.hidden) continue;
      element.hidden = true;
      element.setAttribute("aria-selected", "false");
    }
  }

  #newRow(): Row {
    const name = html("span", { class: "name" });
    const state = html("span", { class: "state" });
    const time = html("span", { class: "time" });
    const element = html("div", { class: "row", role: "treeitem" }, name, state, time);
    this.#canvas.append(element);
    return { index: -1, element, name, state, time };
  }

  #fill(row: Row, index: number, now: number): void {
    const actor = this.#actors[index];
    if (actor === undefined) return;
    const { element } = row;
    if (row.index !== index) {
      row.index = index;
      element.style.transform = `translateY(${index * rowHeight}px)`;
      element.dataset["index"] = String(index);
    }
    if (element.hidden) element.hidden = false;
    if (element.dataset["title"] !== actor.title) {
      element.dataset["title"] = actor.title;
      element.style.setProperty("--depth", String(actor.depth));
      element.setAttribute("aria-level", String(actor.depth + 1));
    }
    const tone = toneOf(actor.state);
    if (element.dataset["tone"] !== tone) element.dataset["tone"] = tone;
    const selected = String(actor.title === this.#selected);
    if (element.getAttribute("aria-selected") !== selected)
      element.setAttribute("aria-selected", selected);
    write(row.name, actor.name.replace(/^child\./, ""));
    write(row.state, outermost(actor.state));
    write(row.time, formatDuration(now - actor.since));
  }
}

/** Leaves alone what stands there already: a layout is dearer than a comparison. */
function write(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
