import { randomBytes } from "node:crypto";
import { Observable } from "rxjs";
import { connect, type ConnectOptions, type Session, ViciError } from "vici-client";
import type { Connection } from "../../model/api/connection.ts";
import { heldSas, type HeldSas } from "../../model/charon/held-sas.ts";
import { loadedElsewhere } from "../../model/charon/loaded-addresses.ts";
import { loadedAlike, type LoadedAlike } from "../../model/charon/loaded-alike.ts";
import { figuresFromMessage } from "../../model/charon/sa-figures.ts";
import { ikeSasFromMessage, type IkeSa } from "../../model/charon/sa.ts";
import {
  connectionOfSecretId,
  messageFromConnection,
  messageFromSecretOf,
  secretId,
} from "../../model/charon/vici-message.ts";
import type { Section } from "../../model/charon/section.ts";
import { peerProcess, type PeerProcess } from "../linux/peer-process.ts";
import { failureInLog, isDeferral, type CharonNews } from "./news.ts";
import type { SettingsFile } from "./settings-file.ts";

const updates = ["ike-updown", "child-updown", "ike-rekey", "child-rekey", "ike-update"] as const;

/** The longest that `terminate` may wait for the peer's answer, in milliseconds. */
const terminateMs = 2_000;

/** How long charon may take, where it is not what vici-client allows; and what it is set to. */
export interface CharonOptions extends Pick<ConnectOptions, "deadlineMs"> {
  readonly settings?: SettingsFile;
}

/**
 * One charon by its VICI socket. `open` makes a session; everything else needs one, and
 * rejects with ViciError `closed` where there is none.
 */
export class Charon implements Disposable {
  readonly #options: ConnectOptions;
  readonly #settings: SettingsFile | undefined;
  #session: Session | undefined;
  #process: PeerProcess | undefined;
  #given = 0;

  /** @param path of the VICI socket */
  constructor(path: string, { settings, ...limits }: CharonOptions = {}) {
    this.#options = { path, ...limits };
    this.#settings = settings;
  }

  /** How often it was told to load or to unload, done or not: charon may have others since. */
  get given(): number {
    return this.#given;
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
   * The process at the other end of the session; asked of the kernel once per session.
   *
   * @throws {NetlinkError | ViciError} where there is none
   */
  get process(): PeerProcess {
    this.#live();
    return (this.#process ??= peerProcess(this.#options.path));
  }

  /** Resolves with the reason when the session ends. */
  async closed(): Promise<ViciError> {
    return this.#live().closed;
  }

  /** That the SAs of the present session change; ends with it. */
  news(): Observable<CharonNews> {
    return told(this.#live().events(...updates), ({ message }) => [
      { type: "sas.changed", figures: figuresFromMessage(message) },
    ]);
  }

  /** What the present session logs, and what the peers are heard to say in it; ends with it. */
  log(): Observable<CharonNews> {
    return told(this.#live().events("log"), ({ message }) => newsOfLog(message));
  }

  /**
   * Gives charon a connection and its secret. An identical one disturbs nothing.
   *
   * @returns the unique ids of IKE SAs that were made when it had other addresses, which go
   *   on, and what it had that is as declared now
   */
  async load(
    connection: Connection,
    key: Uint8Array,
  ): Promise<{ outdated: string[]; alike: LoadedAlike }> {
    const session = this.#live();
    await session.request("load-shared", {
      ...messageFromSecretOf(connection),
      type: "IKE",
      data: key,
    });
    const before = await this.#loadedBefore(connection);
    const outdated = loadedElsewhere(before, connection) ? await this.#idsOf(connection) : [];
    await this.#giving(() =>
      session.request("load-conn", messageFromConnection(connection) as Record<string, never>),
    );
    return { outdated, alike: loadedAlike(before, connection) };
  }

  /** Ends a connection's IKE SAs and removes connection and secret. */
  async unload(name: string): Promise<void> {
    const session = this.#live();
    await this.#terminate({ ike: name });
    const { conns } = await session.request("get-conns");
    if (conns.includes(name)) await this.#giving(() => session.request("unload-conn", { name }));
    await session.request("unload-shared", { id: secretId(name) });
  }

  /**
   * Takes a connection's key out of charon. Under its id a random key stays that no peer has,
   * so that the connection is known as ours; SAs go on.
   */
  async withdrawKey(name: string): Promise<void> {
    const session = this.#live();
    const id = secretId(name);
    const { keys } = await session.request("get-shared");
    if (!keys.includes(id)) return;
    const placeholder = { id, type: "IKE", data: randomBytes(32), owners: [id] };
    await session.request("load-shared", placeholder);
  }

  /** Orders a CHILD SA. charon's answer comes at once; whether it succeeds, the events tell. */
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

  /** Every IKE SA with its CHILD SAs, those of others too. */
  async list(of: { readonly ike?: string } = {}): Promise<IkeSa[]> {
    const sas: IkeSa[] = [];
    const listed = this.#live().stream("list-sas", of);
    for await (const item of listed) sas.push(...ikeSasFromMessage(item));
    return sas;
  }

  /**
   * What charon holds in the kernel. It waits for IKE SAs that are busy, so that an SA is listed
   * once it is in the kernel; a list that is not complete rejects.
   */
  async held(): Promise<HeldSas> {
    const session = this.#live();
    const sas = await Array.fromAsync(session.stream("list-sas", {}));
    const traps = await Array.fromAsync(session.stream("list-policies", { trap: "yes" }));
    return heldSas(sas, traps);
  }

  /** The names of the connections that ipman has loaded, by the secrets it marked. */
  async owned(): Promise<string[]> {
    const { keys } = await this.#live().request("get-shared");
    return keys.flatMap((id) => connectionOfSecretId(id) ?? []);
  }

  [Symbol.dispose](): void {
    this.#session?.close();
  }

  /** Nothing to terminate is no error. A peer that does not answer is not waited for long. */
  async #terminate(selector: Record<string, string>): Promise<void> {
    const message = { ...selector, force: "yes", timeout: String(terminateMs) } as const;
    try {
      await this.#live().request("terminate", message);
    } catch (error) {
      if (!(error instanceof ViciError) || error.code !== "refused") throw error;
    }
  }

  async #loadedBefore({ name: ike }: Connection): Promise<Section> {
    const [loaded = {}] = await Array.fromAsync(this.#live().stream("list-conns", { ike }));
    return loaded;
  }

  async #idsOf({ name: ike }: Connection): Promise<string[]> {
    return (await this.list({ ike })).map(({ uniqueId }) => uniqueId);
  }

  /** Counted before and after: whoever lists in between may see either. */
  async #giving(order: () => Promise<unknown>): Promise<void> {
    this.#given++;
    await order().finally(() => this.#given++);
  }

  #live(): Session {
    if (this.#session !== undefined) return this.#session;
    throw new ViciError("session", "closed", `not connected to ${this.#options.path}`);
  }
}

/** What each event tells, until the session ends or nobody listens any more. */
function told<E>(
  stream: AsyncIterableIterator<E, undefined>,
  newsOf: (event: E) => readonly CharonNews[],
): Observable<CharonNews> {
  return new Observable((subscriber) => {
    const pump = async () => {
      for await (const event of stream) for (const news of newsOf(event)) subscriber.next(news);
    };
    const end = () => subscriber.complete();
    pump().then(end, end);
    return () => void stream.return?.();
  });
}

interface LogMessage {
  readonly group: string;
  readonly msg: string;
  readonly "ikesa-name"?: string;
}

function newsOfLog(message: LogMessage): CharonNews[] {
  const connection = message["ikesa-name"];
  const line = { group: message.group, text: message.msg };
  const logged: CharonNews = { type: "logged", connection, line };
  if (connection === undefined) return [logged];
  if (isDeferral(message.msg)) return [logged, { type: "path.missing", connection }];
  const found = failureInLog(message.msg, undefined);
  return found === undefined
    ? [logged]
    : [logged, { type: "peer.notified", connection, failure: found }];
}
