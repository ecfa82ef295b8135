import type {
  ActorMessage,
  ShownSnapshot,
  SnapshotMessage,
  InspectorMessage,
} from "../runtime/inspector/wire.ts";

/** An actor as the page knows it. */
export interface Actor {
  readonly sessionId: string;
  readonly name: string;
  /** `partner`, `partner/lan`, `partner/lan gateway`; the same after a reconnection. */
  readonly title: string;
  readonly machine: string;
  readonly parent: Actor | undefined;
  readonly depth: number;
  readonly children: Actor[];
  /** As XState has it. */
  value: unknown;
  /** `negotiating.waiting`; empty of one that has not begun. */
  state: string;
  /** In milliseconds since the epoch. */
  since: number;
  context: Readonly<Record<string, unknown>>;
}

/** It went from one state to another. */
export interface StateChange {
  readonly actor: Actor;
  /** In milliseconds since the epoch. */
  readonly at: number;
  readonly from: string;
  readonly to: string;
  readonly event: string;
}

/** What an event did; `move` where it changed the state. */
export interface HandledEvent {
  readonly actor: Actor;
  readonly at: number;
  readonly event: string;
  readonly move: StateChange | undefined;
}

/** The actors that there are, and their charts, by what an inspector is told. */
export class Actors {
  readonly #bySession = new Map<string, Actor>();
  readonly #definitions = new Map<string, string>();
  #roots: Actor[] = [];
  #ordered: readonly Actor[] | undefined;
  /** The time in the latest message, and when it came by the page's monotonic clock. */
  #heard: { readonly at: number; readonly elapsed: number } | undefined;

  /** The time by the clock of the sender, which is the clock of every `since` and `at`. */
  get now(): number {
    if (this.#heard === undefined) return Date.now();
    return this.#heard.at + performance.now() - this.#heard.elapsed;
  }

  /** A new connection tells of everything anew. */
  clear(): void {
    this.#bySession.clear();
    this.#roots = [];
    this.#ordered = undefined;
  }

  /** Each above those below it, the trees by their names. */
  get ordered(): readonly Actor[] {
    this.#ordered ??= this.#roots
      .sort((a, b) => rank(a) - rank(b) || a.title.localeCompare(b.title))
      .flatMap(subtreeOf);
    return this.#ordered;
  }

  bySession(sessionId: string): Actor | undefined {
    return this.#bySession.get(sessionId);
  }

  byTitle(title: string): Actor | undefined {
    return this.ordered.find((actor) => actor.title === title);
  }

  definitionOf({ machine }: Actor): string | undefined {
    return this.#definitions.get(machine);
  }

  /** Takes one message; what happened to an actor, where something did. */
  take(told: InspectorMessage): HandledEvent | undefined {
    this.#heard = { at: Number(told.createdAt), elapsed: performance.now() };
    if (told.type === "@xstate.actor") this.#introduce(told);
    return told.type === "@xstate.snapshot" ? this.#change(told) : undefined;
  }

  #introduce({
    sessionId,
    parentId,
    name,
    machine,
    definition,
    snapshot,
    createdAt,
  }: ActorMessage) {
    if (definition !== undefined) this.#definitions.set(machine, definition);
    if (this.#bySession.has(sessionId)) return;
    const parent = this.#bySession.get(parentId ?? "");
    const actor: Actor = {
      sessionId,
      name,
      machine,
      parent,
      children: [],
      title: titleOf(parent, name),
      depth: parent === undefined ? 0 : parent.depth + 1,
      value: snapshot?.value,
      state: snapshot === null ? "" : stateText(snapshot.value),
      since: Number(createdAt),
      context: snapshot?.context ?? {},
    };
    this.#bySession.set(sessionId, actor);
    (parent?.children ?? this.#roots).push(actor);
    this.#ordered = undefined;
  }

  #change({ sessionId, createdAt, event, snapshot }: SnapshotMessage): HandledEvent | undefined {
    const actor = this.#bySession.get(sessionId);
    if (actor === undefined) return undefined;
    const at = Number(createdAt);
    const from = actor.state;
    const to = stateText(snapshot.value);
    actor.value = snapshot.value;
    actor.context = snapshot.context;
    if (snapshot.status !== "active") this.#remove(actor);
    if (from === to) return { actor, at, event: event.type, move: undefined };
    actor.state = to;
    actor.since = at;
    return { actor, at, event: event.type, move: { actor, at, from, to, event: event.type } };
  }

  #remove(actor: Actor): void {
    for (const one of subtreeOf(actor)) this.#bySession.delete(one.sessionId);
    const siblings = actor.parent?.children ?? this.#roots;
    const place = siblings.indexOf(actor);
    if (place >= 0) siblings.splice(place, 1);
    this.#ordered = undefined;
  }
}

/** The one at the top of its tree. */
export function rootOf(actor: Actor): Actor {
  return actor.parent === undefined ? actor : rootOf(actor.parent);
}

export function subtreeOf(actor: Actor): Actor[] {
  return [actor, ...actor.children.flatMap(subtreeOf)];
}

/** They say little by themselves: what is inside them does. */
const wrappers: ReadonlySet<string> = new Set(["connected", "asking"]);

/** `negotiating` of `negotiating.waiting`, `ready` of `connected.ready.idle`. */
export function outermost(state: string): string {
  const [first = "", second = first] = state.split(".", 2);
  return wrappers.has(first) ? second : first;
}

/** Why it is not as it should be, in words. */
export function failureOf({ context }: Pick<ShownSnapshot, "context">): string | undefined {
  const failure = context["failure"] as { reason: string; message: string } | null | undefined;
  return failure ? `${failure.reason}: ${failure.message}` : undefined;
}

/** What all others depend on stands first. */
function rank({ machine }: Actor): number {
  return machine === "charon" ? 0 : 1;
}

function titleOf(parent: Actor | undefined, name: string): string {
  if (parent === undefined) return name;
  const child = /^child\.(.*)$/.exec(name)?.[1];
  return child === undefined ? `${parent.title} ${name}` : `${parent.title}/${child}`;
}

function stateText(value: unknown): string {
  if (typeof value === "string") return value;
  const inner = Object.entries((value ?? {}) as Readonly<Record<string, unknown>>);
  return inner
    .map(([name, below]) => [name, stateText(below)].filter((part) => part !== "").join("."))
    .join(" ");
}
