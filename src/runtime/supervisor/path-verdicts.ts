import type {
  ConnectionContext,
  ConnectionEvent,
} from "../../machines/connection/connection-types.ts";
import type { Connection } from "../../model/api/connection.ts";
import { hasSeveralPaths, pathConnections } from "../../model/api/path.ts";
import { sameItems } from "../../model/value/same-items.ts";
import type { IkeSilences } from "./ike-silences.ts";
import type { Probes } from "./probes.ts";

/** The actor of a connection as far as verdicts concern it. */
export interface JudgedRoot {
  readonly getSnapshot: () => {
    readonly context: Pick<ConnectionContext, "connection" | "active"> & {
      readonly choice: Pick<ConnectionContext["choice"], "up" | "silent">;
    };
  };
  readonly send: (
    event: Extract<ConnectionEvent, { type: "probes.judged" | "peers.silent" }>,
  ) => void;
}

export interface PathVerdictsOptions {
  readonly probes: Pick<Probes, "verdictOf" | "restart">;
  readonly silences: Pick<IkeSilences, "answers">;
  readonly rootOf: (id: string) => JudgedRoot | undefined;
}

/** The actor and the path that the present verdict of a connection concerns. */
interface Judged {
  readonly root: JudgedRoot;
  readonly active: string;
  /** Whether the active path carries the traffic. */
  readonly isUp: boolean;
  /** As it was reported last. */
  readonly answered: boolean | undefined;
}

/**
 * Turns the probes of each connection with several paths into one verdict about its active path, and
 * reports each change of it to the connection's actor. While no probe has a result, the peer's IKE
 * daemon decides.
 */
export class PathVerdicts {
  readonly #options: PathVerdictsOptions;
  readonly #judged = new Map<string, Judged>();

  constructor(options: PathVerdictsOptions) {
    this.#options = options;
  }

  /** Considers a connection after an event of its actor or of one of its probes. */
  update(id: string): void {
    const { probes, rootOf } = this.#options;
    const root = rootOf(id);
    const snapshot = root?.getSnapshot();
    if (root === undefined || snapshot === undefined) return void this.#judged.delete(id);
    const { connection, active, choice } = snapshot.context;
    if (!hasSeveralPaths(connection)) return this.#report(id, root, undefined);
    this.#reportSilent(root);
    const isUp = choice.up.includes(active);
    const known = this.#knownOf(id, root);
    this.#judged.set(id, { root, active, isUp, answered: known?.answered });
    // The results of the probes concern another path, or the time before this one came up.
    const isOther = known !== undefined && (known.active !== active || (isUp && !known.isUp));
    if (isOther) probes.restart(connection);
    this.#report(id, root, probes.verdictOf(connection) ?? this.#ofIke(connection, active, isUp));
  }

  /** Reports the paths whose peers do not answer, which cannot take over. */
  #reportSilent(root: JudgedRoot): void {
    const { connection, choice } = root.getSnapshot().context;
    const paths = pathConnections(connection)
      .map(({ path }) => path)
      .filter((path) => this.#options.silences.answers(connection.id, path) === false);
    if (!sameItems(paths, choice.silent)) root.send({ type: "peers.silent", paths });
  }

  /** A daemon that answers says nothing about the hosts behind it, which a probe is to ask. */
  #ofIke({ id, children }: Connection, active: string, isUp: boolean): boolean | undefined {
    const answers = isUp ? this.#options.silences.answers(id, active) : undefined;
    const isProbed = children.some(({ probe }) => probe !== undefined);
    return answers === true && isProbed ? undefined : answers;
  }

  #report(id: string, root: JudgedRoot, answered: boolean | undefined): void {
    const known = this.#knownOf(id, root);
    if (known?.answered === answered) return;
    if (known !== undefined) this.#judged.set(id, { ...known, answered });
    root.send({ type: "probes.judged", answered });
  }

  /** An actor that was started again has no verdict. */
  #knownOf(id: string, root: JudgedRoot): Judged | undefined {
    const known = this.#judged.get(id);
    return known?.root === root ? known : undefined;
  }
}
