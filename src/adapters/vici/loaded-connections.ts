import { hash } from "node:crypto";
import type { Message, Session } from "vici-client";
import type { Connection } from "../../model/api/connection.ts";
import type { LoadedAlike } from "../../model/charon/loaded-alike.ts";
import {
  messageFromSecretOf,
  secretId,
  type ViciMessage,
} from "../../model/charon/vici-message.ts";
import { loadedAlike, loadedElsewhere } from "./list-conns.ts";
import { ikeSasIn } from "./list-sas.ts";

/** Digests of a connection as it was loaded. */
interface LoadedConnection {
  /** The message of `load-conn`. */
  readonly sent: string;
  /** The message of `list-conns` afterwards, in charon's words. */
  readonly listed: string;
}

/** The state of charon before it got a connection. */
interface LoadOutcome {
  readonly outdated: string[];
  readonly alike: LoadedAlike;
}

/** The smallest number of connections whose content one comparison reads. */
const leastRead = 4;

/** The number of comparisons that read the content of every connection, however many there are. */
const fullRound = 120;

/**
 * The connections that ipman loaded in one session with charon. It loads them, and it finds those
 * that another program unloaded or replaced since, as `swanctl --load-all` does.
 */
export class LoadedConnections {
  readonly #loaded = new Map<string, LoadedConnection>();
  #loadCount = 0;
  #nextRead = 0;

  /** Changes whenever a connection is loaded or unloaded here, successfully or not. */
  get loadCount(): number {
    return this.#loadCount;
  }

  /** Forgets every connection: another charon may be at the other end of the next session. */
  forget(): void {
    this.#loaded.clear();
  }

  /**
   * Loads a connection and its secret. A connection that charon has as it was loaded is not loaded
   * again: charon 6 then ends IKE SAs without children.
   */
  async load(
    session: Session,
    connection: Connection,
    key: Uint8Array,
    message: Record<string, ViciMessage>,
  ): Promise<LoadOutcome> {
    const { name } = connection;
    const known = this.#loaded.get(name);
    // A connection that is being loaded is not compared.
    this.#loaded.delete(name);
    await session.request("load-shared", { ...messageFromSecretOf(connection), data: key });
    const before = await listed(session, name);
    const alike = loadedAlike(before, connection);
    const sent = digestOf(message);
    const isSame = known?.sent === sent;
    if (isSame && known.listed === digestOf(before)) {
      this.#loaded.set(name, { ...known });
      return { outdated: [], alike };
    }
    // If another program replaced the connection, its SAs are of the version that ipman loaded.
    const isMoved = !isSame && loadedElsewhere(before, connection);
    const outdated = isMoved ? await idsOf(session, name) : [];
    await this.#counted(session.request("load-conn", message));
    this.#loaded.set(name, { sent, listed: digestOf(await listed(session, name)) });
    return { outdated, alike };
  }

  /** Removes a connection, if charon has it, and its secret. */
  async unload(session: Session, name: string): Promise<void> {
    this.#loaded.delete(name);
    const { conns } = await session.request("get-conns");
    if (conns.includes(name)) await this.#counted(session.request("unload-conn", { name }));
    await session.request("unload-shared", { id: secretId(name) });
  }

  /**
   * The names of the connections that charon does not have as they were loaded, or whose secret it
   * does not have. Names and secrets take one request each. The content of a connection takes one
   * more, so only a few are read each time, in turn.
   */
  async lost(session: Session): Promise<string[]> {
    const before = new Map(this.#loaded);
    if (before.size === 0) return [];
    const { conns } = await session.request("get-conns");
    const { keys } = await session.request("get-shared");
    const [present, secrets] = [new Set(conns), new Set(keys)];
    const replaced = await this.#replaced(session, before);
    const isLost = (name: string) =>
      !present.has(name) || !secrets.has(secretId(name)) || replaced.has(name);
    return [...before.keys()].filter((name) => {
      // One that was loaded or unloaded meanwhile may be missing from the answers.
      return isLost(name) && this.#loaded.get(name) === before.get(name);
    });
  }

  /** The names of connections, among the next ones to read, whose content is not as loaded. */
  async #replaced(
    session: Session,
    loaded: ReadonlyMap<string, LoadedConnection>,
  ): Promise<ReadonlySet<string>> {
    const names = [...loaded.keys()];
    const count = Math.min(names.length, Math.max(leastRead, Math.ceil(names.length / fullRound)));
    const replaced = new Set<string>();
    for (let i = 0; i < count; i++) {
      const name = names[(this.#nextRead + i) % names.length] ?? "";
      const present = digestOf(await listed(session, name));
      if (present !== loaded.get(name)?.listed) replaced.add(name);
    }
    this.#nextRead = (this.#nextRead + count) % names.length;
    return replaced;
  }

  /** Counted before and after the request, since a list in between may show either state. */
  async #counted(request: Promise<unknown>): Promise<void> {
    this.#loadCount++;
    await request.finally(() => this.#loadCount++);
  }
}

function digestOf(message: object): string {
  return hash("sha256", JSON.stringify(message), "base64");
}

/** The message of `list-conns` for a connection; empty if charon does not have it. */
async function listed(session: Session, ike: string): Promise<Message> {
  const [message = {}] = await Array.fromAsync(session.stream("list-conns", { ike }));
  return message;
}

/** The unique ids of a connection's IKE SAs. */
async function idsOf(session: Session, ike: string): Promise<string[]> {
  const messages = await Array.fromAsync(session.stream("list-sas", { ike }));
  return messages.flatMap((message) => ikeSasIn(message)).map(({ uniqueId }) => uniqueId);
}
