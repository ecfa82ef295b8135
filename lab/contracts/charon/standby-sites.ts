import assert from "node:assert/strict";
import type { Message, Session } from "vici-client";
import { Charon } from "../../../src/adapters/vici/charon.ts";
import { ikeSasIn } from "../../../src/adapters/vici/list-sas.ts";
import type { CharonEvent } from "../../../src/model/charon/charon-event.ts";
import { isEstablished, isInstalled, type IkeSa } from "../../../src/model/charon/sa.ts";
import { conn, peers, sharedOf } from "../../../test/simulator/charon/peers.ts";
import { peerHalf } from "../../sites/peer.ts";
import { eventually } from "../../sites/shell.ts";
import { TwoSites } from "../../sites/two-sites.ts";

/** Changes to a connection that has two children, `net` and `other`, at each end. */
interface Ends {
  readonly node?: Message;
  readonly peer?: Message;
}

/** One end of the connections: its charon, and the log of it as ipman reads it. */
class End {
  readonly #session: Session;
  readonly #events: CharonEvent[] = [];

  private constructor(session: Session) {
    this.#session = session;
  }

  static async open(vici: string, session: Session, resources: AsyncDisposableStack): Promise<End> {
    const end = new End(session);
    const charon = resources.use(new Charon(vici));
    await charon.open();
    const subscription = charon.log().subscribe((event) => end.#events.push(event));
    resources.defer(() => subscription.unsubscribe());
    return end;
  }

  async request(command: string, message: Message): Promise<void> {
    await this.#session.request(command, message);
  }

  /** Requests an IKE SA, or a CHILD SA; resolves before it is established. */
  async initiate(ike: string, child?: string): Promise<void> {
    await this.request("initiate", { ike, ...(child !== undefined && { child }), timeout: "-1" });
  }

  async sas(ike: string): Promise<IkeSa[]> {
    const listed = await Array.fromAsync(this.#session.stream("list-sas", { ike }));
    return listed.flatMap((message) => ikeSasIn(message));
  }

  /** The names of the installed CHILD SAs of each established IKE SA, by unique id. */
  async up(ike: string): Promise<Record<string, readonly string[]>> {
    const established = (await this.sas(ike)).filter(isEstablished);
    return Object.fromEntries(
      established.map(({ uniqueId, children }) => [
        uniqueId,
        children.filter(isInstalled).map(({ name }) => name),
      ]),
    );
  }

  /** Waits until the SAs that are up have these CHILD SAs; returns the unique ids of the IKE SAs. */
  async settles(ike: string, children: readonly (readonly string[])[]): Promise<string[]> {
    return eventually(async () => {
      const up = await this.up(ike);
      assert.deepEqual(Object.values(up), children);
      return Object.keys(up);
    });
  }

  /** The lines of charon's log about a connection. */
  lines(ike: string): string[] {
    return this.#events.flatMap((event) =>
      event.type === "logged" && event.connection === ike ? event.line.text : [],
    );
  }

  alerts(ike: string): string[] {
    return this.#events.flatMap((event) =>
      event.type === "alerted" && event.connection === ike ? event.alert : [],
    );
  }

  /** The failures that ipman reads from log and alerts. */
  failures(ike: string): string[] {
    return this.#events.flatMap((event) =>
      event.type === "peer.notified" && event.connection === ike
        ? `${event.failure.reason}: ${event.failure.message}`
        : [],
    );
  }

  /** The number of requests of a kind that this end has sent for a connection. */
  sent(exchange: string, ike: string): number {
    return this.lines(ike).filter((line) => line.startsWith(`generating ${exchange} request`))
      .length;
  }

  /** Waits for a line of the log about a connection. */
  async logs(ike: string, pattern: RegExp): Promise<void> {
    await eventually(() => assert.match(this.lines(ike).join("\n"), pattern));
  }
}

/** Two sites whose connections may have an IKE SA without a CHILD SA. */
export class StandbySites implements AsyncDisposable {
  readonly lab: TwoSites;
  readonly node: End;
  readonly peer: End;
  readonly #resources: AsyncDisposableStack;

  private constructor(lab: TwoSites, node: End, peer: End, resources: AsyncDisposableStack) {
    this.lab = lab;
    this.node = node;
    this.peer = peer;
    this.#resources = resources;
  }

  static async build(): Promise<StandbySites> {
    await using resources = new AsyncDisposableStack();
    const lab = resources.use(await TwoSites.build());
    const session = resources.use(await lab.node.session());
    const node = await End.open(lab.node.vici, session, resources);
    const peer = await End.open(lab.peer.vici, lab.peerSession, resources);
    return new StandbySites(lab, node, peer, resources.move());
  }

  /** Loads a connection into both charons. Each name has identities and a key of its own. */
  async load(name: string, { node = {}, peer = {} }: Ends = {}): Promise<void> {
    const message = messageOf(name);
    const secret = { id: name, ...sharedOf(name) };
    for (const end of [this.node, this.peer]) await end.request("load-shared", secret);
    await this.node.request("load-conn", { [name]: { ...message, ...node } });
    await this.loadPeer(name, peer);
  }

  /** Loads the peer's half of a connection into its charon. */
  async loadPeer(name: string, changes: Message): Promise<void> {
    const half = { ...peerHalf(messageOf(name), peers.good.address), ...changes };
    await this.peer.request("load-conn", { [name]: half });
  }

  /** Loads a connection and establishes its IKE SA alone; returns the unique id. */
  async standby(name: string, ends?: Ends): Promise<string> {
    await this.load(name, ends);
    await this.node.initiate(name);
    await this.peer.settles(name, [[]]);
    const [id = ""] = await this.node.settles(name, [[]]);
    return id;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }
}

/** The node's `load-conn` message of a connection. */
export function messageOf(name: string, changes: Message = {}): Message {
  const local = { auth: "psk", id: `node.${name}` };
  const remote = { auth: "psk", id: `peer.${name}` };
  return { ...(conn("good")["good"] as Message), local, remote, ...changes };
}

/** The section of one child of {@link messageOf}. */
export function childOf(name: "net" | "other", changes: Message = {}): Message {
  const { [name]: child } = messageOf("any")["children"] as Record<string, Message>;
  return { ...child, ...changes };
}
