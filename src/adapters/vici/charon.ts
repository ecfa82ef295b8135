import { randomBytes } from "node:crypto";
import type { Observable } from "rxjs";
import { connect, type ConnectOptions, type Session, ViciError } from "vici-client";
import type { Connection } from "../../model/api/connection.ts";
import type { CharonEvent } from "../../model/charon/charon-event.ts";
import type { HeldSas } from "../../model/charon/held-sas.ts";
import type { LoadedAlike } from "../../model/charon/loaded-alike.ts";
import type { CharonAlgorithms } from "../../model/charon/proposals/charon-algorithms.ts";
import type { IkeSa } from "../../model/charon/sa.ts";
import {
  connectionOfSecretId,
  secretId,
  type ViciMessage,
} from "../../model/charon/vici-message.ts";
import { peerProcess, type PeerProcess } from "../linux/peer-process.ts";
import { hasAlerts } from "./alert.ts";
import { readAlgorithms } from "./algorithms.ts";
import { eventsOf } from "./events-of.ts";
import { heldSasIn } from "./held-sas.ts";
import { ikeSasIn } from "./list-sas.ts";
import { LoadedConnections } from "./loaded-connections.ts";
import { logEventsOf } from "./log-events.ts";
import { silencesOf } from "./silences.ts";
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
  readonly #loaded = new LoadedConnections();
  #session: Session | undefined;
  #process: PeerProcess | undefined;
  #algorithms: CharonAlgorithms | undefined;
  #hasAlerts = false;

  /** @param path of the VICI socket */
  constructor(path: string, { settings, ...limits }: CharonOptions = {}) {
    this.#options = { path, ...limits };
    this.#settings = settings;
  }

  /** Changes whenever a connection is loaded or unloaded here, successfully or not. */
  get loadCount(): number {
    return this.#loaded.loadCount;
  }

  /** The algorithms of the charon at the other end of the session, if they are known. */
  get algorithms(): CharonAlgorithms | undefined {
    return this.#algorithms;
  }

  async open(): Promise<void> {
    this.#session?.close();
    this.#process = undefined;
    const session = await connect(this.#options);
    this.#loaded.forget();
    this.#session = session;
    void session.closed.then(() => {
      if (this.#session === session) this.#process = undefined;
    });
    await this.#settings?.apply(session);
    this.#algorithms = await readAlgorithms(session);
    this.#hasAlerts = await hasAlerts(session);
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

  /** Emits charon's log and alerts, and the failures that they report; completes with the session. */
  log(): Observable<CharonEvent> {
    return logEventsOf(this.#live(), this.#hasAlerts);
  }

  /** Emits when a peer stops answering and when it answers again; completes with the session. */
  silences(): Observable<CharonEvent> {
    return silencesOf(this.#live(), this.#hasAlerts);
  }

  /**
   * Loads a connection and its secret. SAs are not affected, except that charon 6 ends the IKE SAs of
   * this connection that have no CHILD SA.
   *
   * @param message of `load-conn`
   * @returns the unique ids of IKE SAs that were made between other addresses and stay, and which
   *   parts were loaded before as they are declared now
   */
  async load(
    connection: Connection,
    key: Uint8Array,
    message: Record<string, ViciMessage>,
  ): Promise<{ outdated: string[]; alike: LoadedAlike }> {
    return this.#loaded.load(this.#live(), connection, key, message);
  }

  /** Terminates a connection's IKE SAs and removes the connection and its secret. */
  async unload(name: string): Promise<void> {
    await this.#terminate({ ike: name });
    await this.#loaded.unload(this.#live(), name);
  }

  /**
   * The names of the connections that charon, or its keys, no longer have as this session loaded
   * them.
   */
  async lost(): Promise<string[]> {
    return this.#loaded.lost(this.#live());
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

  /**
   * Requests a CHILD SA, or an IKE SA without one. charon answers at once; events report whether it
   * is established.
   */
  async initiate(connection: string, child?: string): Promise<void> {
    const selector = child === undefined ? { ike: connection } : { ike: connection, child };
    await this.#live().request("initiate", { ...selector, timeout: "-1" });
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
  async list(): Promise<IkeSa[]> {
    const sas: IkeSa[] = [];
    const listed = this.#live().stream("list-sas", {});
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

  #live(): Session {
    if (this.#session !== undefined) return this.#session;
    throw new ViciError("session", "closed", `not connected to ${this.#options.path}`);
  }
}
