import type { ConnectionActor } from "../../machines/connection/connection.ts";
import type {
  ConnectionEvent,
  ConnectionInput,
} from "../../machines/connection/connection-types.ts";
import type { Connection } from "../../model/api/connection.ts";
import type { Breakdowns } from "../actors/breakdowns.ts";
import type { connectionLogic } from "./connection-logic.ts";
import { contained } from "../actors/contained.ts";
import { follow, type Follower } from "../actors/follow.ts";
import { observedActor } from "../actors/observed-actor.ts";

/** Reports to a connection's actor what is declared of it, and the state of its key. */
export function declareTo(
  root: ConnectionActor,
  connection: Connection,
  key: ConnectionEvent,
): void {
  const { context, status } = root.getSnapshot();
  // One that is on its way out is declared again when it is gone.
  if (status !== "active" || root.getSnapshot().matches("terminating")) return;
  // charon knows connection and key by the name: under another one they begin again.
  if (context.connection.name !== connection.name) return root.send({ type: "delete" });
  const isRefused = key.type === "secret.refused";
  // No key is loaded for identities that it is refused for, neither the new ones nor the old.
  if (isRefused) root.send(key);
  if (context.connection !== connection) root.send({ type: "spec.changed", connection });
  if (!isRefused) root.send(key);
}

export interface ConnectionRootsOptions {
  readonly logic: ReturnType<typeof connectionLogic>;
  readonly breakdowns: Breakdowns;
  readonly moved: Follower["moved"];
  readonly onChange: (id: string, root: ConnectionActor) => void;
  readonly onListWanted: () => void;
  /** The actor is gone: it came to its end, or an exception was its end. */
  readonly onEnd: (
    id: string,
    root: ConnectionActor | undefined,
    broken?: { readonly error: unknown },
  ) => void;
}

/** The root actors of the connections by id. An exception in one of them leaves all others alone. */
export class ConnectionRoots {
  readonly #options: ConnectionRootsOptions;
  readonly #byId = new Map<string, ConnectionActor>();

  constructor(options: ConnectionRootsOptions) {
    this.#options = options;
  }

  get byId(): ReadonlyMap<string, ConnectionActor> {
    return this.#byId;
  }

  /** Starts the actor of a connection. */
  spawn(input: ConnectionInput): ConnectionActor {
    const { logic, breakdowns, moved, onChange, onListWanted } = this.#options;
    const { id } = input.connection;
    const broke = (error: unknown) => breakdowns.report(id, error);
    const root: ConnectionActor = observedActor(
      logic,
      { id, input },
      {
        broke,
        done: () => this.#ended(id, root),
        failed: (error) => this.breakDown(id, error),
      },
    );
    this.#byId.set(id, root);
    root.on("sas.wanted", contained(broke, onListWanted));
    root.start();
    // An exception may have ended it at once.
    if (this.#byId.get(id) === root)
      follow(root, { changed: () => onChange(id, root), moved, broke });
    return root;
  }

  /** Does something for each connection. */
  each(run: (root: ConnectionActor, id: string) => void): void {
    for (const [id, root] of Array.from(this.#byId)) this.attempt(id, () => run(root, id));
  }

  /** Does something for one connection; an exception breaks down this connection alone. */
  attempt(id: string, run: () => void): void {
    contained((error) => this.breakDown(id, error), run)();
  }

  /** Ends a connection's actor over an exception that ended it, or would leave it out of step. */
  breakDown(id: string, error: unknown): void {
    const root = this.#byId.get(id);
    this.#byId.delete(id);
    root?.stop();
    this.#options.onEnd(id, root, { error });
  }

  /** Deletes every connection; resolves when all actors are gone. */
  async deleteAll(): Promise<void> {
    const gone = [...this.#byId.values()].map(
      (root) =>
        new Promise<void>((resolve) => {
          root.subscribe({ complete: resolve, error: () => resolve() });
          root.send({ type: "delete" });
        }),
    );
    await Promise.all(gone);
  }

  /** Stops the actors; SAs and devices stay. */
  stop(): void {
    for (const root of this.#byId.values()) root.stop();
    this.#byId.clear();
  }

  #ended(id: string, root: ConnectionActor): void {
    if (this.#byId.get(id) !== root) return;
    this.#byId.delete(id);
    this.#options.onEnd(id, root);
  }
}
