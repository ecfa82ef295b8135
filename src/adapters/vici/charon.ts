import { randomBytes } from "node:crypto";
import { Observable } from "rxjs";
import { connect, type ConnectOptions, type Message, type Session, ViciError } from "vici-client";
import type { Connection } from "../../model/api/connection.ts";
import type { CharonEvent } from "../../model/charon/charon-event.ts";
import type { HeldSas } from "../../model/charon/held-sas.ts";
import type { LoadedAlike } from "../../model/charon/loaded-alike.ts";
import type { IkeSa } from "../../model/charon/sa.ts";
import {
  connectionOfSecretId,
  messageFromConnection,
  messageFromSecretOf,
  secretId,
} from "../../model/charon/vici-message.ts";
import { peerProcess, type PeerProcess } from "../linux/peer-process.ts";
import { heldSasIn } from "./held-sas.ts";
import { loadedAlike, loadedElsewhere } from "./list-conns.ts";
import { ikeSasIn } from "./list-sas.ts";
import { eventsOfLog } from "./log-events.ts";
import type { SettingsFile } from "./settings-file.ts";

const saEvents = ["ike-updown", "child-updown", "ike-rekey", "child-rekey", "ike-update"] as const;

/** The longest time that `terminate` waits for the peer's answer, in milliseconds. */
const terminateMs = 2_000;

export interface CharonOptions extends Pick<ConnectOptions, "deadlineMs"> {
  /** The settings that a session applies when it opens. */
  readonly settings?: SettingsFile;
}

/**
 * One charon, reached by its VICI socket. `open` starts a session; every other method needs one
 * and rejects with ViciError `closed` without it.
 */
export class Charon implements Disposable {
  readonly #options: ConnectOptions;
  readonly #settings: SettingsFile | undefined;
  #session: Session | undefined;
  #process: PeerProcess | undefined;
  #loadCount = 0;

  /** @param path of the VICI socket */
  constructor(path: string, { settings, ...limits }: CharonOptions = {}) {
    this.#options = { path, ...limits };
    this.#settings = settings;
  }

  /** Changes whenever a connection is loaded or unloaded here, successfully or not. */
  get loadCount(): number {
    return this.#loadCount;
  }

  async open(): Promise<void> {
    this.#session?.close();
    this.#process = undefined;
    const session = await connect(this.#options);
    this.#session = session;
    void session.closed.then(() => {
      if (this.#session === session) this.#process = undefined;
    });
    await this.#settings?.apply(session);
  }

  /**
   * The process at the other end of the session, which the kernel is asked for once per session.
   *
   * @throws {NetlinkError | ViciError} if there is none
   */
  get process(): PeerProcess {
    this.#live();
    return (this.#process ??= peerProcess(this.#options.path));
  }

  /** Resolves with the reason when the session ends. */
  async closed(): Promise<ViciError> {
    return this.#live().closed;
  }

  /** Emits when SAs of charon change; completes with the session. */
  events(): Observable<CharonEvent> {
    return eventsOf(this.#live().events(...saEvents), ({ message }) => [
      { type: "sas.changed", ikeSas: ikeSasIn(message, { statistics: true }) },
    ]);
  }

  /** Emits charon's log and the failures that it reports; completes with the session. */
  log(): Observable<CharonEvent> {
    return eventsOf(this.#live().events("log"), ({ message }) => eventsOfLog(message));
  }

  /**
   * Loads a connection and its secret. SAs are not affected, and loading an equal connection
   * changes nothing.
   *
   * @returns the unique ids of IKE SAs that were made between other addresses and stay, and which
   *   parts were loaded before as they are declared now
   */
  async load(
    connection: Connection,
    key: Uint8Array,
  ): Promise<{ outdated: string[]; alike: LoadedAlike }> {
    const session = this.#live();
    await session.request("load-shared", { ...messageFromSecretOf(connection), data: key });
    const before = await this.#loadedBefore(connection);
    const outdated = loadedElsewhere(before, connection) ? await this.#idsOf(connection) : [];
    await this.#countLoad(session.request("load-conn", messageFromConnection(connection)));
    return { outdated, alike: loadedAlike(before, connection) };
  }

  /** Terminates a connection's IKE SAs and removes the connection and its secret. */
  async unload(name: string): Promise<void> {
    const session = this.#live();
    await this.#terminate({ ike: name });
    const { conns } = await session.request("get-conns");
    if (conns.includes(name)) await this.#countLoad(session.request("unload-conn", { name }));
    await session.request("unload-shared", { id: secretId(name) });
  }

  /**
   * Replaces a connection's key by a random one that no peer has. Its id stays, and marks the
   * connection as ours; its SAs stay as well.
   */
  async withdrawKey(name: string): Promise<void> {
    const session = this.#live();
    const id = secretId(name);
    const { keys } = await session.request("get-shared");
    if (!keys.includes(id)) return;
    const placeholder = { id, type: "IKE", data: randomBytes(32), owners: [id] };
    await session.request("load-shared", placeholder);
  }

  /** Requests a CHILD SA. charon answers at once; events report whether it is established. */
  async initiate(connection: string, child: string): Promise<void> {
    await this.#live().request("initiate", { ike: connection, child, timeout: "-1" });
  }

  async terminateIkeSa(uniqueId: string): Promise<void> {
    await this.#terminate({ "ike-id": uniqueId });
  }

  async terminateChildSa(uniqueId: string): Promise<void> {
    await this.#terminate({ "child-id": uniqueId });
  }

  async rekeyChildSa(uniqueId: string): Promise<void> {
    await this.#live().request("rekey", { "child-id": uniqueId });
  }

  /** Every IKE SA with its CHILD SAs, including those that ipman did not load. */
  async list(of: { readonly ike?: string } = {}): Promise<IkeSa[]> {
    const sas: IkeSa[] = [];
    const listed = this.#live().stream("list-sas", of);
    for await (const item of listed) sas.push(...ikeSasIn(item));
    return sas;
  }

  /**
   * The state that charon holds in the kernel. The list waits for IKE SAs that are busy, so that
   * it has every SA that is in the kernel; a list that is incomplete rejects.
   */
  async held(): Promise<HeldSas> {
    const session = this.#live();
    const sas = await Array.fromAsync(session.stream("list-sas", {}));
    const traps = await Array.fromAsync(session.stream("list-policies", { trap: "yes" }));
    return heldSasIn(sas, traps);
  }

  /** The names of the connections that ipman loaded, by the ids of their secrets. */
  async owned(): Promise<string[]> {
    const { keys } = await this.#live().request("get-shared");
    return keys.flatMap((id) => connectionOfSecretId(id) ?? []);
  }

  [Symbol.dispose](): void {
    this.#session?.close();
  }

  /** Succeeds if there is nothing to terminate, and waits only briefly for the peer. */
  async #terminate(selector: Record<string, string>): Promise<void> {
    const message = { ...selector, force: "yes", timeout: String(terminateMs) } as const;
    try {
      await this.#live().request("terminate", message);
    } catch (error) {
      if (!(error instanceof ViciError) || error.code !== "refused") throw error;
    }
  }

  async #loadedBefore({ name: ike }: Connection): Promise<Message> {
    const [loaded = {}] = await Array.fromAsync(this.#live().stream("list-conns", { ike }));
    return loaded;
  }

  async #idsOf({ name: ike }: Connection): Promise<string[]> {
    return (await this.list({ ike })).map(({ uniqueId }) => uniqueId);
  }

  /** Counted before and after the request, since a list in between may show either state. */
  async #countLoad(request: Promise<unknown>): Promise<void> {
    this.#loadCount++;
    await request.finally(() => this.#loadCount++);
  }

  #live(): Session {
    if (this.#session !== undefined) return this.#session;
    throw new ViciError("session", "closed", `not connected to ${this.#options.path}`);
  }
}

/** The events of a stream, until the session ends or the subscriber leaves. */
function eventsOf<E>(
  stream: AsyncIterableIterator<E, undefined>,
  convert: (event: E) => readonly CharonEvent[],
): Observable<CharonEvent> {
  return new Observable((subscriber) => {
    const pump = async () => {
      for await (const sent of stream) for (const event of convert(sent)) subscriber.next(event);
    };
    const end = () => subscriber.complete();
    pump().then(end, end);
    return () => void stream.return?.();
  });
}
