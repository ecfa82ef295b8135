import { connect, ViciError, type ConnectOptions, type Session } from "vici-client";
import {
  figuresFromMessage,
  loadedFromMessage,
  type CharonFigures,
  type IkeFigures,
} from "../../model/charon/sa-figures.ts";
import type { Charon } from "./charon.ts";

/** Whoever gives charon its connections. */
export type Giver = Pick<Charon, "given">;

type Limits = Pick<ConnectOptions, "deadlineMs">;

/** What somebody else gives charon is seen after so many milliseconds. */
const othersMs = 60_000;

/**
 * What there is to measure of charon, over a session of its own: nobody waits behind whoever
 * reads it. `open` makes the session.
 */
export class Figures implements Disposable {
  readonly #options: ConnectOptions;
  readonly #giver: Giver;
  #session: Session | undefined;
  #loaded: Loaded | undefined;

  /**
   * @param path of the VICI socket
   * @param giver charon's connections are listed only where it may have others: of thousands
   *   that takes as long as the SAs do
   */
  constructor(path: string, limits: Limits, giver: Giver) {
    this.#options = { path, ...limits };
    this.#giver = giver;
  }

  async open(): Promise<void> {
    this.#session?.close();
    this.#loaded = undefined;
    this.#session = await connect(this.#options);
  }

  async figures(): Promise<CharonFigures> {
    const { path } = this.#options;
    const session = this.#session;
    if (session === undefined) throw new ViciError("session", "closed", `not connected to ${path}`);
    const ikes = await ikesIn(session);
    return { ikes, loaded: await this.#loadedIn(session) };
  }

  [Symbol.dispose](): void {
    this.#session?.close();
  }

  async #loadedIn(session: Session): Promise<Loaded["connections"]> {
    const { given } = this.#giver;
    const now = performance.now();
    const known = this.#loaded;
    if (known?.given === given && now - known.at < othersMs) return known.connections;
    const connections = new Map<string, readonly string[]>();
    for await (const item of session.stream("list-conns"))
      for (const [name, children] of loadedFromMessage(item)) connections.set(name, children);
    this.#loaded = { connections, given, at: now };
    return connections;
  }
}

/** The connections that charon has, by name, with their children. */
interface Loaded {
  readonly connections: ReadonlyMap<string, readonly string[]>;
  /** What had been given when they were listed, and when that was. */
  readonly given: number;
  readonly at: number;
}

/** The figures of each IKE SA of the charon at a socket, read once. */
export async function ikeFiguresOf(path: string, limits: Limits): Promise<IkeFigures[]> {
  const session = await connect({ path, ...limits });
  try {
    return await ikesIn(session);
  } finally {
    session.close();
  }
}

async function ikesIn(session: Session): Promise<IkeFigures[]> {
  const ikes: IkeFigures[] = [];
  for await (const item of session.stream("list-sas")) ikes.push(...figuresFromMessage(item));
  return ikes;
}
