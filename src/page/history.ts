import type { Actor, StateChange } from "./actors.ts";

/** A period that an actor spent in one state. */
export interface Span {
  /** The full path of the state, and the state for lists. */
  readonly state: string;
  readonly shown: string;
  /** In milliseconds since the epoch. */
  readonly from: number;
  /** Undefined for the current state. */
  readonly to: number | undefined;
  /** The event that led to the state; undefined for the first known one. */
  readonly event: string | undefined;
}

const mostSpans = 100;
const mostTitles = 20_000;

/** The states of the actors over time, by title; bounded for each actor and in total. */
export class History {
  readonly #spans = new Map<string, Span[]>();

  /** Adds the state in which the page found an actor. */
  begin({ title, state, shown, since }: Actor): void {
    if (state === "") return;
    const spans = this.#of(title);
    const last = spans.at(-1);
    if (last?.state === state && last.to === undefined) return;
    this.#end(spans, since);
    spans.push({ state, shown, from: since, to: undefined, event: undefined });
  }

  change({ actor: { title }, at, to, shown, event }: StateChange): void {
    const spans = this.#of(title);
    this.#end(spans, at);
    spans.push({ state: to, shown, from: at, to: undefined, event });
    if (spans.length > mostSpans) spans.shift();
  }

  of(title: string): readonly Span[] {
    return this.#spans.get(title) ?? [];
  }

  #end(spans: Span[], at: number): void {
    const last = spans.at(-1);
    if (last !== undefined && last.to === undefined) spans[spans.length - 1] = { ...last, to: at };
  }

  #of(title: string): Span[] {
    const known = this.#spans.get(title);
    if (known !== undefined) return known;
    const spans: Span[] = [];
    this.#spans.set(title, spans);
    // The oldest entry is dropped first; it is created again when its actor changes state.
    const [oldest] = this.#spans.keys();
    if (this.#spans.size > mostTitles && oldest !== undefined) this.#spans.delete(oldest);
    return spans;
  }
}
