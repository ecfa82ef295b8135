import type {
  ActorMessage,
  ShownSnapshot,
  SnapshotMessage,
  InspectorMessage,
} from "../../runtime/inspector/wire.ts";
import type { Output } from "./output-format.ts";
import { formatValue } from "./output.ts";
import { stateName } from "../../runtime/actors/state-name.ts";

export interface InspectLinesOptions {
  /** Limits the lines to actors of this connection, and charon's. */
  readonly connection: string | undefined;
  readonly output: Output;
  readonly everyEvent: boolean;
}

/** An actor that the inspector has reported. */
interface KnownActor {
  readonly title: string;
  readonly shown: boolean;
  state: string;
  failure: string | undefined;
}

const titleWidth = 32;

/** Formats the events of an inspector as lines of text. */
export class InspectLines {
  readonly #options: InspectLinesOptions;
  readonly #actors = new Map<string, KnownActor>();

  constructor(options: InspectLinesOptions) {
    this.#options = options;
  }

  of(event: InspectorMessage): string[] {
    if (event.type === "@xstate.actor") this.#note(event);
    const actor = this.#actors.get(event.sessionId);
    if (actor?.shown !== true) return [];
    const { output } = this.#options;
    if (output !== "text") return [formatValue(output, event).trimEnd()];
    if (event.type === "@xstate.actor") return this.#introduced(event, actor);
    if (event.type === "@xstate.snapshot") return this.#changed(event, actor);
    return [];
  }

  #note({ sessionId, parentId, name, title, snapshot }: ActorMessage): void {
    const parent = this.#actors.get(parentId ?? "");
    const { connection } = this.#options;
    const isWanted = connection === undefined || name === connection || name === "charon";
    this.#actors.set(sessionId, {
      title,
      shown: parent?.shown ?? isWanted,
      state: snapshot === null ? "" : stateText(title, snapshot.value),
      failure: snapshot === null ? undefined : failureIn(snapshot),
    });
  }

  #introduced(
    { snapshot, createdAt }: ActorMessage,
    { title, state, failure }: KnownActor,
  ): string[] {
    // The first snapshot reports an actor that has not started yet.
    if (snapshot === null) return [];
    return [line(createdAt, title, failure === undefined ? state : `${state}: ${failure}`)];
  }

  #changed(
    { sessionId, createdAt, event, snapshot }: SnapshotMessage,
    actor: KnownActor,
  ): string[] {
    const before = { ...actor };
    actor.state = stateText(actor.title, snapshot.value);
    actor.failure = failureIn(snapshot);
    if (snapshot.status !== "active") this.#actors.delete(sessionId);
    const { title, state, failure } = actor;
    const hasChanged = state !== before.state || failure !== before.failure;
    if (!hasChanged && !this.#options.everyEvent) return [];
    const move =
      before.state === "" || before.state === state ? state : `${before.state} → ${state}`;
    const fails = state !== before.state && snapshot.publicState === "failed";
    const cause =
      failure !== undefined && (fails || failure !== before.failure) ? `: ${failure}` : "";
    return [line(createdAt, title, `${move}  (${event.type})${cause}`)];
  }
}

function failureIn({ context }: ShownSnapshot): string | undefined {
  return (context as { failure?: { message: string } }).failure?.message;
}

function line(createdAt: string, title: string, text: string): string {
  const time = new Date(Number(createdAt)).toISOString().slice("2026-01-02T".length, -1);
  return `${time}  ${title.padEnd(titleWidth)}  ${text}`;
}

/** `negotiating.waiting` for `{ negotiating: "waiting" }`; for charon, whether it answers. */
function stateText(title: string, value: unknown): string {
  return title === "charon" ? stateName("charon", value) : nested(value);
}

function nested(value: unknown): string {
  if (typeof value === "string") return value;
  return Object.entries(value as Record<string, unknown>)
    .map(([name, below]) => `${name}.${nested(below)}`)
    .join(", ");
}
