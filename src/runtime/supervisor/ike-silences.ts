import { hasSeveralPaths } from "../../model/api/path.ts";
import type { Connection } from "../../model/api/connection.ts";
import type { CharonEvent } from "../../model/charon/charon-event.ts";
import { isEstablished, type IkeSa } from "../../model/charon/sa.ts";

export interface IkeSilencesOptions {
  /** The IKE SAs of a path of a connection. */
  readonly sasOf: (connection: string, path: string) => readonly IkeSa[];
}

/** Knows which peers do not answer the requests of charon in its present session. */
export class IkeSilences {
  readonly #options: IkeSilencesOptions;
  /** The unique ids of the IKE SAs whose peers do not answer. */
  readonly #silent = new Set<string>();

  constructor(options: IkeSilencesOptions) {
    this.#options = options;
  }

  /**
   * Takes the declared connections; returns whether one of them needs charon's reports: one that has
   * another path to take when its peer does not answer.
   */
  declare(connections: ReadonlyMap<string, Connection>): boolean {
    const isNeeded = connections.values().some(hasSeveralPaths);
    if (!isNeeded) this.endSession();
    return isNeeded;
  }

  /** Takes an event of charon; returns whether a peer became silent or answered. */
  take(event: CharonEvent): boolean {
    if (event.type === "peer.silent") this.#silent.add(event.sa);
    else if (event.type === "peer.answers") this.#silent.delete(event.sa);
    else return false;
    return true;
  }

  /** Forgets the IKE SAs that a list does not have. */
  takeList(sas: readonly IkeSa[]): void {
    const listed = new Set(sas.map(({ uniqueId }) => uniqueId));
    for (const sa of this.#silent) if (!listed.has(sa)) this.#silent.delete(sa);
  }

  /** Forgets all IKE SAs: those of the next session may have the same ids. */
  endSession(): void {
    this.#silent.clear();
  }

  /**
   * Whether the peer of a path answers IKE requests: false if it answers by none of the established IKE SAs,
   * since a peer that was restarted answers by the newest one alone. Undefined if none is established.
   */
  answers(connection: string, path: string): boolean | undefined {
    const established = this.#options.sasOf(connection, path).filter(isEstablished);
    if (established.length === 0) return undefined;
    return established.some(({ uniqueId }) => !this.#silent.has(uniqueId));
  }
}
