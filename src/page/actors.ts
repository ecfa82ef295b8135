import type { PathFacts } from "../model/status/status.ts";
import type { PublicState } from "../model/status/public-state.ts";
import type {
  ActorMessage,
  InspectorMessage,
  ShownSnapshot,
  SnapshotMessage,
} from "../runtime/inspector/wire.ts";

/** An actor as the page knows it. Times are in milliseconds since the epoch. */
export interface Actor {
  readonly sessionId: string;
  readonly name: string;
  /** `partner`, `partner path`, `partner/lan`, `partner/lan gateway`; the same after a reconnection. */
  readonly title: string;
  /** Its name below its parent. */
  readonly label: string;
  readonly machine: string;
  readonly parent: Actor | undefined;
  readonly depth: number;
  readonly children: Actor[];
  /** XState's state value. */
  value: unknown;
  /** The value as a path, `negotiating.waiting`; empty before the actor has started. */
  state: string;
  /** Undefined for machines other than connections, paths and children. */
  publicState: PublicState | undefined;
  /** The state for lists: the public state where there is one, else the outermost state. */
  shown: string;
  /** When the actor entered the shown state. */
  since: number;
  /** The change that led to the shown state; undefined if the page did not see it. */
  arrival: StateChange | undefined;
  context: Readonly<Record<string, unknown>>;
  /** The paths of a connection with several, here and on other nodes. */
  paths: readonly PathFacts[];
  /** Whether it is a path on another node, of which this agent knows what the agent there reports. */
  readonly isElsewhere: boolean;
}

/** A transition of an actor from one state to another. */
export interface StateChange {
  readonly actor: Actor;
  readonly at: number;
  readonly from: string;
  readonly to: string;
  /** The shown states, which can be equal. */
  readonly shownFrom: string;
  readonly shown: string;
  /** The type of the event that caused it. */
  readonly event: string;
}

/** An event that an actor has handled; `change` if it changed the actor's state. */
export interface HandledEvent {
  readonly actor: Actor;
  readonly at: number;
  readonly event: string;
  readonly change: StateChange | undefined;
}

const byTitle = new Intl.Collator("en", { numeric: true });

/** The present actors and their charts, built from the inspector's messages. */
export class Actors {
  readonly #bySession = new Map<string, Actor>();
  readonly #definitions = new Map<string, string>();
  readonly #roots: Actor[] = [];
  #ordered: readonly Actor[] | undefined;
  /** When the latest message was sent, and when it arrived by the page's monotonic clock. */
  #latest: { readonly sentAt: number; readonly arrivedAt: number } | undefined;

  /** The time by the sender's clock, which all times of actors and events come from. */
  get now(): number {
    if (this.#latest === undefined) return Date.now();
    return this.#latest.sentAt + performance.now() - this.#latest.arrivedAt;
  }

  /** Forgets all actors; after a reconnection the inspector sends all of them again. */
  clear(): void {
    this.#bySession.clear();
    this.#roots.length = 0;
    this.#ordered = undefined;
  }

  /** Every parent before its children; charon first, the others in natural order of titles. */
  get ordered(): readonly Actor[] {
    this.#ordered ??= this.#roots
      .toSorted((a, b) => rank(a) - rank(b) || byTitle.compare(a.title, b.title))
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

  /** Applies one message. Returns the event that an actor has handled, if the message is of one. */
  apply(message: InspectorMessage): HandledEvent | undefined {
    this.#latest = { sentAt: Number(message.createdAt), arrivedAt: performance.now() };
    if (message.type === "@xstate.actor") this.#add(message);
    return message.type === "@xstate.snapshot" ? this.#update(message) : undefined;
  }

  #add(message: ActorMessage) {
    const { sessionId, parentId, name, title, label, machine, definition, snapshot } = message;
    if (definition !== undefined) this.#definitions.set(machine, definition);
    if (this.#bySession.has(sessionId)) return;
    const parent = this.#bySession.get(parentId ?? "");
    const actor: Actor = {
      sessionId,
      name,
      machine,
      parent,
      children: [],
      title,
      label,
      depth: parent === undefined ? 0 : parent.depth + 1,
      value: snapshot?.value,
      ...statesOf(snapshot),
      since: Number(message.createdAt),
      arrival: undefined,
      context: snapshot?.context ?? {},
      paths: snapshot?.paths ?? [],
      isElsewhere: snapshot?.elsewhere === true,
    };
    this.#bySession.set(sessionId, actor);
    (parent?.children ?? this.#roots).push(actor);
    this.#ordered = undefined;
  }

  #update({ sessionId, createdAt, event, snapshot }: SnapshotMessage): HandledEvent | undefined {
    const actor = this.#bySession.get(sessionId);
    if (actor === undefined) return undefined;
    const at = Number(createdAt);
    const { state: from, shown: shownFrom } = actor;
    const { state: to, shown, publicState } = statesOf(snapshot);
    actor.value = snapshot.value;
    actor.context = snapshot.context;
    actor.paths = snapshot.paths ?? [];
    if (snapshot.status !== "active") this.#remove(actor);
    if (from === to) return { actor, at, event: event.type, change: undefined };
    const change = { actor, at, from, to, shownFrom, shown, event: event.type };
    actor.state = to;
    actor.publicState = publicState;
    if (shown !== shownFrom) {
      actor.shown = shown;
      actor.since = at;
      actor.arrival = change;
    }
    return { actor, at, event: event.type, change };
  }

  #remove(actor: Actor): void {
    for (const { sessionId } of subtreeOf(actor)) this.#bySession.delete(sessionId);
    const siblings = actor.parent?.children ?? this.#roots;
    const index = siblings.indexOf(actor);
    if (index >= 0) siblings.splice(index, 1);
    this.#ordered = undefined;
  }
}

/** The actor at the root of an actor's tree. */
export function rootOf(actor: Actor): Actor {
  return actor.parent === undefined ? actor : rootOf(actor.parent);
}

/** An actor and all actors below it, every parent before its children. */
export function subtreeOf(actor: Actor): Actor[] {
  const children = actor.children.toSorted((a, b) => byTitle.compare(a.title, b.title));
  return [actor, ...children.flatMap(subtreeOf)];
}

/** An actor's failure as text. */
export function failureOf({ context }: Pick<ShownSnapshot, "context">): string | undefined {
  const failure = context["failure"] as { reason: string; message: string } | null | undefined;
  return failure ? `${failure.reason}: ${failure.message}` : undefined;
}

/** States that say little by themselves: the state inside them is shown instead. */
const wrappers: ReadonlySet<string> = new Set(["connected", "asking"]);

/** `negotiating` for `negotiating.waiting`, `ready` for `connected.ready.idle`. */
function outermost(state: string): string {
  const [first = "", second = first] = state.split(".", 2);
  return wrappers.has(first) ? second : first;
}

function statesOf(snapshot: ShownSnapshot | null): Pick<Actor, "state" | "publicState" | "shown"> {
  if (snapshot === null) return { state: "", publicState: undefined, shown: "" };
  const state = pathOf(snapshot.value);
  const { publicState } = snapshot;
  return { state, publicState, shown: publicState ?? outermost(state) };
}

function pathOf(value: unknown): string {
  if (typeof value === "string") return value;
  const inner = Object.entries((value ?? {}) as Readonly<Record<string, unknown>>);
  return inner
    .map(([name, below]) => [name, pathOf(below)].filter((part) => part !== "").join("."))
    .join(" ");
}

/** Every connection depends on charon, so it comes first. */
function rank({ machine }: Actor): number {
  return machine === "charon" ? 0 : 1;
}
