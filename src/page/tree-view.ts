import type { Actor } from "./actors.ts";
import { html, setAttribute, setText } from "./elements.ts";
import { longRole, pathOf, shortRole } from "./path-role.ts";
import { formatDuration } from "./times.ts";
import { toneOf } from "./tone.ts";
import { treeRows, type TreeRow } from "./tree-rows.ts";

const rowHeight = 26;
/** Rows above and below the visible ones, so that a quick scroll shows drawn rows. */
const spareRows = 8;

/** An element that shows one row at a time. */
interface Slot {
  /** The index of its row; -1 for none. */
  index: number;
  row: TreeRow | undefined;
  readonly element: HTMLElement;
  readonly name: HTMLElement;
  readonly role: HTMLElement;
  readonly state: HTMLElement;
  readonly time: HTMLElement;
}

export interface TreeViewOptions {
  /** The time by the clock of the actors' times. */
  readonly now: () => number;
  readonly onSelect: (actor: Actor) => void;
  /** Enter was pressed on the selected row. */
  readonly onOpen: () => void;
}

/**
 * The actors as a tree with one tab stop. Only the visible rows exist as elements; arrow keys,
 * Home and End move the selection, and the focus with it.
 */
export class TreeView {
  readonly #viewport: HTMLElement;
  readonly #canvas = html("div", { class: "rows", role: "none" });
  readonly #slots: Slot[] = [];
  readonly #options: TreeViewOptions;
  #actors: readonly Actor[] = [];
  #rows: readonly TreeRow[] = [];
  #selected: string | undefined;

  constructor(viewport: HTMLElement, options: TreeViewOptions) {
    this.#viewport = viewport;
    this.#options = options;
    viewport.append(this.#canvas);
    viewport.addEventListener("scroll", () => this.#draw(), { passive: true });
    new ResizeObserver(() => this.#draw()).observe(viewport);
    this.#canvas.addEventListener("click", ({ target }) => this.#select(indexOf(target)));
    this.#canvas.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Shows these actors; `selected` is the title of the selected one. */
  show(actors: readonly Actor[], selected: string | undefined): void {
    const isSame =
      actors.length === this.#actors.length &&
      actors.every((actor, i) => actor === this.#actors[i]);
    if (!isSame) {
      this.#actors = actors;
      this.#rows = treeRows(actors);
      this.#canvas.style.height = `${actors.length * rowHeight}px`;
    }
    this.#selected = selected;
    this.#draw();
  }

  /** Scrolls until a row is visible. */
  reveal(index: number): void {
    const top = index * rowHeight;
    const { scrollTop, clientHeight } = this.#viewport;
    if (top < scrollTop) this.#viewport.scrollTop = top;
    else if (top + rowHeight > scrollTop + clientHeight)
      this.#viewport.scrollTop = top + rowHeight - clientHeight;
  }

  #select(index: number): void {
    const row = this.#rows[index];
    if (row === undefined) return;
    this.#selected = row.actor.title;
    this.reveal(index);
    this.#draw();
    this.#options.onSelect(row.actor);
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const index = indexOf(event.target);
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      if (this.#rows[index]?.actor.title !== this.#selected) this.#select(index);
      return this.#options.onOpen();
    }
    const next = this.#nextIndex(event.key, index);
    if (next === undefined) return;
    event.preventDefault();
    this.#select(next);
  }

  /** The row that a key leads to; undefined for keys that do not move the selection. */
  #nextIndex(key: string, index: number): number | undefined {
    const last = this.#rows.length - 1;
    const actor = this.#rows[index]?.actor;
    switch (key) {
      case "ArrowDown":
        return Math.min(index + 1, last);
      case "ArrowUp":
        return Math.max(index - 1, 0);
      case "Home":
        return 0;
      case "End":
        return last;
      case "ArrowLeft":
        return this.#rows.findIndex((row) => row.actor === actor?.parent);
      case "ArrowRight":
        return this.#rows.findIndex((row) => row.actor.parent === actor);
      default:
        return undefined;
    }
  }

  /** A slot keeps its row while the row is visible: a scroll by one row changes one slot. */
  #draw(): void {
    const { scrollTop, clientHeight } = this.#viewport;
    const hadFocus = this.#canvas.contains(document.activeElement);
    const count = Math.ceil(clientHeight / rowHeight) + 2 * spareRows;
    const first = Math.max(0, Math.floor(scrollTop / rowHeight) - spareRows);
    const last = Math.min(this.#rows.length, first + count);
    for (let i = this.#slots.length; i < count; i++) this.#slots.push(this.#newSlot());
    for (let i = count; i < this.#slots.length; i++) this.#slots[i]?.element.remove();
    this.#slots.length = count;
    const now = this.#options.now();
    const used = new Set<Slot>();
    for (let i = first; i < last; i++) {
      const slot = this.#slots[i % count];
      const row = this.#rows[i];
      if (slot === undefined || row === undefined) continue;
      used.add(slot);
      this.#fill(slot, i, row, now);
    }
    for (const slot of this.#slots) if (!used.has(slot)) hide(slot);
    this.#placeFocus(used, Math.ceil(scrollTop / rowHeight), hadFocus);
  }

  /** The tab stop is the selected row, or the first visible one while that is scrolled away. */
  #placeFocus(used: ReadonlySet<Slot>, firstVisible: number, hadFocus: boolean): void {
    const slots = [...used];
    const selected = slots.find(({ row }) => row?.actor.title === this.#selected);
    const stop = selected ?? slots.find(({ index }) => index === firstVisible);
    for (const slot of this.#slots)
      setAttribute(slot.element, "tabindex", slot === stop ? "0" : "-1");
    const focused = document.activeElement;
    const isLost = !this.#canvas.contains(focused);
    if (!hadFocus || focused === stop?.element) return;
    if (isLost || selected !== undefined) stop?.element.focus({ preventScroll: true });
  }

  #newSlot(): Slot {
    const name = html("span", { class: "name" });
    const role = html("span", { class: "role" });
    const state = html("span", { class: "state" });
    const time = html("span", { class: "time" });
    const element = html("div", { class: "row", role: "treeitem" }, name, role, state, time);
    this.#canvas.append(element);
    return { index: -1, row: undefined, element, name, role, state, time };
  }

  #fill(slot: Slot, index: number, row: TreeRow, now: number): void {
    const { element } = slot;
    const { actor } = row;
    if (slot.index !== index) {
      slot.index = index;
      element.style.transform = `translateY(${index * rowHeight}px)`;
      element.dataset["index"] = String(index);
    }
    if (element.hidden) element.hidden = false;
    if (slot.row !== row) {
      slot.row = row;
      element.dataset["title"] = actor.title;
      element.style.setProperty("--level", String(row.level));
      setAttribute(element, "aria-level", row.level);
      setAttribute(element, "aria-posinset", row.position);
      setAttribute(element, "aria-setsize", row.siblings);
      setText(slot.name, row.label);
    }
    setAttribute(element, "data-tone", toneOf(actor.shown));
    setAttribute(element, "aria-selected", String(actor.title === this.#selected));
    const path = pathOf(actor);
    slot.element.classList.toggle("elsewhere", actor.isElsewhere);
    setText(slot.role, path === undefined ? "" : shortRole(path));
    setAttribute(slot.role, "title", path === undefined ? "" : longRole(path));
    setText(slot.state, actor.shown);
    setText(slot.time, formatDuration(now - actor.since));
  }
}

function hide({ element }: Slot): void {
  if (element.hidden) return;
  element.hidden = true;
  element.setAttribute("aria-selected", "false");
}

/** The index of the row that an event came from; -1 for none. */
function indexOf(target: EventTarget | null): number {
  const row = (target as Element | null)?.closest<HTMLElement>("[data-index]");
  return Number(row?.dataset["index"] ?? -1);
}
