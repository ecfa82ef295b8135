import type { StateChange } from "./actors.ts";

/** A time during which an actor was in one state. */
export interface Span {
  readonly state: string;
  /** In milliseconds since the epoch. */
  readonly from: number;
  /** Undefined of the state that it is in. */
  readonly to: number | undefined;
  /** What brought it there; undefined of the first that is known. */
  readonly event: string | undefined;
}

const mostSpans = 100;
const mostTitles = 20_000;

/** What states the actors were in, by their titles; bounded for each and in all. */
export class History {
  readonly #spans = new Map<string, Span[]>();

  /** The state in which an actor was found. */
  begin(title: string, state: string, at: number): void {
    if (state === "") return;
    const spans = this.#of(title);
    const last = spans.at(-1);
    if (last?.state === state && last.to === undefined) return;
    this.#end(spans, at);
    spans.push({ state, from: at, to: undefined, event: undefined });
  }

  move({ actor: { title }, at, to, event }: StateChange): void {
    const spans = this.#of(title);
    this.#end(spans, at);
    spans.push({ state: to, from: at, to: undefined, event });
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
    // Who came first is forgotten first; it is begun anew when it moves again.
    const [oldest] = this.#spans.keys();
    if (this.#spans.size > mostTitles && oldest !== undefined) this.#spans.delete(oldest);
    return spans;
  }
}
