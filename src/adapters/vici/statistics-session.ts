import { connect, ViciError, type ConnectOptions, type Session } from "vici-client";
import type { IkeSa } from "../../model/charon/sa.ts";
import type { Charon } from "./charon.ts";
import { loadedIn } from "./list-conns.ts";
import { ikeSasIn } from "./list-sas.ts";

/** The statistics that charon reports to a scrape of the metrics. */
export interface CharonStatistics {
  /** Every IKE SA, with statistics. */
  readonly ikeSas: readonly IkeSa[];
  /** The names of the loaded connections, with the keys of their children. */
  readonly loaded: ReadonlyMap<string, readonly string[]>;
}

type Limits = Pick<ConnectOptions, "deadlineMs">;

/** Milliseconds after which a change that another program made in charon is noticed. */
const refreshMs = 60_000;

/** The loaded connections as they were listed last. */
interface Loaded {
  readonly connections: CharonStatistics["loaded"];
  /** {@link Charon.loadCount} and the elapsed time when they were listed. */
  readonly loadCount: number;
  readonly at: number;
}

/**
 * Reads charon's statistics over a session of its own, so that no command waits behind a scrape.
 * `open` connects the session.
 */
export class StatisticsSession implements Disposable {
  readonly #options: ConnectOptions;
  readonly #loader: Pick<Charon, "loadCount">;
  #session: Session | undefined;
  #loaded: Loaded | undefined;

  /**
   * @param path of the VICI socket
   * @param loader loads the connections. They are listed again only after it loaded or unloaded
   *   one: a list of thousands takes as long as the list of their SAs.
   */
  constructor(path: string, limits: Limits, loader: Pick<Charon, "loadCount">) {
    this.#options = { path, ...limits };
    this.#loader = loader;
  }

  async open(): Promise<void> {
    this.#session?.close();
    this.#loaded = undefined;
    this.#session = await connect(this.#options);
  }

  /** @throws {ViciError} `closed` unless the session is open */
  async read(): Promise<CharonStatistics> {
    const { path } = this.#options;
    const session = this.#session;
    if (session === undefined) throw new ViciError("session", "closed", `not connected to ${path}`);
    const ikeSas = await listMeasured(session);
    return { ikeSas, loaded: await this.#listLoaded(session) };
  }

  [Symbol.dispose](): void {
    this.#session?.close();
  }

  async #listLoaded(session: Session): Promise<Loaded["connections"]> {
    const { loadCount } = this.#loader;
    const now = performance.now();
    const known = this.#loaded;
    if (known?.loadCount === loadCount && now - known.at < refreshMs) return known.connections;
    const connections = new Map<string, readonly string[]>();
    for await (const item of session.stream("list-conns"))
      for (const [name, children] of loadedIn(item)) connections.set(name, children);
    this.#loaded = { connections, loadCount, at: now };
    return connections;
  }
}

/** Reads the IKE SAs with their statistics once, over a session that is closed afterwards. */
export async function readStatistics(path: string, limits: Limits): Promise<IkeSa[]> {
  const session = await connect({ path, ...limits });
  try {
    return await listMeasured(session);
  } finally {
    session.close();
  }
}

async function listMeasured(session: Session): Promise<IkeSa[]> {
  const ikeSas: IkeSa[] = [];
  for await (const item of session.stream("list-sas"))
    ikeSas.push(...ikeSasIn(item, { statistics: true }));
  return ikeSas;
}
