import type { ConnectionActor } from "../../machines/connection/connection.ts";
import type {
  ConnectionEmitted,
  ConnectionInput,
} from "../../machines/connection/connection-types.ts";
import type { PathSwitched } from "../../machines/connection/path-choice.ts";
import type { Breakdowns } from "../actors/breakdowns.ts";
import type { connectionLogic } from "../effects/connection-logic.ts";
import { contained } from "../actors/contained.ts";
import { observeTransitions, type TransitionObserver } from "../actors/transitions.ts";
import { observedActor } from "../actors/observed-actor.ts";

export interface ConnectionRootsOptions {
  readonly logic: ReturnType<typeof connectionLogic>;
  readonly breakdowns: Breakdowns;
  readonly moved: TransitionObserver["moved"];
  readonly onChange: (id: string) => void;
  readonly onListWanted: () => void;
  readonly onSwitch: (id: string, switched: PathSwitched) => void;
  /** Called when the actor has ended, by itself or by an exception. */
  readonly onEnd: (
    id: string,
    root: ConnectionActor | undefined,
    broken?: { readonly error: unknown },
  ) => void;
}

/** The root actors of the connections by id. An exception in one of them does not affect the others. */
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
    const { logic, breakdowns, moved, onChange } = this.#options;
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
    root.on(
      "*",
      contained(broke, (emitted) => this.#take(id, emitted)),
    );
    root.start();
    // An exception may have stopped the actor already.
    if (this.#byId.get(id) === root)
      observeTransitions(root, { changed: () => onChange(id), moved, broke });
    return root;
  }

  /** Calls the function for each connection. */
  each(run: (root: ConnectionActor, id: string) => void): void {
    for (const [id, root] of Array.from(this.#byId)) this.attempt(id, () => run(root, id));
  }

  /**
   * Calls the function for one connection; an exception stops only the actor of this connection.
   */
  attempt(id: string, run: () => void): void {
    contained((error) => this.breakDown(id, error), run)();
  }

  /**
   * Removes a connection's actor after an exception that stopped it or left its state uncertain.
   */
  breakDown(id: string, error: unknown): void {
    const root = this.#byId.get(id);
    this.#byId.delete(id);
    root?.stop();
    this.#options.onEnd(id, root, { error });
  }

  /** Deletes every connection; resolves when all actors have ended. */
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

  #take(id: string, emitted: ConnectionEmitted): void {
    if (emitted.type === "sas.wanted") return this.#options.onListWanted();
    const { from, to, cause } = emitted;
    return this.#options.onSwitch(id, { from, to, cause });
  }

  #ended(id: string, root: ConnectionActor): void {
    if (this.#byId.get(id) !== root) return;
    this.#byId.delete(id);
    this.#options.onEnd(id, root);
  }
}
