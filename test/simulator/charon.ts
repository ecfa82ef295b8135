import type { Message } from "vici-client";
import { ViciServer } from "vici-client/server";
import { isInRange, type CharonVersion } from "../../src/model/charon/proposals/charon-version.ts";
import { algorithmsMessage } from "./charon/algorithms.ts";
import { accepted, childFailure, refusals, type Behaviour } from "./charon/behaviour.ts";
import { connMessage } from "./charon/list-conn.ts";
import { done, refusal, type Command } from "./charon/command.ts";
import { rejection } from "./charon/load-conn.ts";
import { keyCommands, type SharedKeys } from "./charon/shared-keys.ts";
import { defaultVersion, eventsOf, type SimulatorOptions } from "./charon/simulator-options.ts";
import { Reports } from "./charon/reports.ts";
import { Retransmissions } from "./charon/retransmissions.ts";
import { selectedChildren, selectedIkes, type Selector } from "./charon/selector.ts";
import { first, text } from "./charon/values.ts";
import {
  childMessage,
  childSas,
  connectingIke,
  ikeMessage,
  type ChildRequest,
  type SimulatedChild,
  type SimulatedIke,
} from "./charon/sas.ts";

const groupRetries = 5;

/**
 * charon as its VICI clients see it, without IKE, kernel or privileges. The contract test compares
 * its replies and events with those of a real charon.
 */
export class SimulatedCharon implements AsyncDisposable {
  readonly ikes: SimulatedIke[] = [];
  /** The number of requests of each command. */
  readonly asked = new Map<string, number>();
  readonly #options: SimulatorOptions;
  readonly #server: ViciServer;
  readonly #reports: Reports;
  readonly #retransmissions: Retransmissions;
  /** The connections, by name. */
  readonly conns = new Map<string, Message>();
  /** The shared keys, by id. */
  readonly keys: SharedKeys = new Map();
  readonly #timers = new Set<NodeJS.Timeout>();
  #lastId = 0;

  constructor(options: SimulatorOptions) {
    this.#options = options;
    this.#server = new ViciServer({
      events: eventsOf(this.#version),
      request: (command, message, part) => {
        this.asked.set(command, (this.asked.get(command) ?? 0) + 1);
        return this.#commands[command]?.(message, part);
      },
    });
    this.#reports = new Reports(this.#server);
    this.#retransmissions = new Retransmissions({
      reports: this.#reports,
      milliseconds: options.retransmitMs ?? 1_000,
      after: (milliseconds, run) => this.#after(milliseconds, run),
      isPresent: (ike) => this.ikes.includes(ike),
    });
  }

  listen(path: string): Promise<void> {
    return this.#server.listen(path);
  }

  /** The peer ends an IKE SA, or one child of it. */
  peerCloses(connection: string, child?: string): void {
    this.#end(child === undefined ? { ike: connection } : { ike: connection, child });
  }

  /** The peer of a connection does not answer dead peer detection, which begins at once. */
  peerStops(connection: string): void {
    for (const ike of this.#established(connection))
      this.#retransmissions.begin(ike, () => this.#lose(ike));
  }

  /** The peer answers it again. */
  peerResumes(connection: string): void {
    for (const ike of this.#established(connection)) this.#retransmissions.answer(ike);
  }

  /** The peer establishes another IKE SA with each child, as after its restart. */
  peerInitiates(name: string): void {
    const config = this.conns.get(name) ?? {};
    const children = Object.entries((config["children"] ?? {}) as Record<string, Message>);
    const ike: SimulatedIke = {
      ...connectingIke(++this.#lastId, name, config),
      state: "ESTABLISHED",
      answered: true,
      children: children.map(([key, child]) => this.#child(key, child)),
      tasks: [],
    };
    this.ikes.push(ike);
    this.#reports.publish("ike-updown", { up: "yes", [name]: ikeMessage(ike) });
    for (const child of ike.children) this.#reports.childUp(ike, child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#server[Symbol.asyncDispose]();
  }

  readonly #commands: Record<string, Command> = {
    version: () => ({ daemon: "charon", version: this.#version }),
    "get-algorithms": () => algorithmsMessage(this.#version),
    "load-conn": (message) => this.#load(message),
    "unload-conn": (message) => {
      const name = text(message["name"]);
      if (!this.conns.delete(name)) return refusal(`unload: connection '${name}' not found`);
      this.#endChildless(name);
      return done;
    },
    "get-conns": () => ({ conns: [...this.conns.keys()] }),
    ...keyCommands(this.keys),
    initiate: ({ ike, child }) =>
      this.#initiate(text(ike), child === undefined ? undefined : text(child)),
    terminate: (message) => {
      const ended = String(this.#end(message as Selector));
      if (ended === "0") return refusal("no matching SAs to terminate found");
      return { ...done, matches: ended, terminated: ended };
    },
    rekey: (message) => {
      const matches = this.#rekey(message as Selector);
      if (matches === 0) return refusal("no matching SAs to rekey found");
      return { ...done, matches: String(matches) };
    },
    "list-conns": ({ ike: only }, part) => {
      for (const [name, config] of this.conns)
        if (only === undefined || only === name)
          part("list-conn", { [name]: connMessage(config, this.#version) });
      return {};
    },
    "list-sas": ({ ike: only }, part) => {
      for (const ike of this.ikes)
        if (only === undefined || only === ike.name)
          part("list-sa", { [ike.name]: ikeMessage(ike, childSas(ike.children)) });
      return {};
    },
  };

  #load(message: Message): Message {
    for (const [name, connection] of Object.entries(message as Record<string, Message>)) {
      const reason = rejection(connection, this.#version);
      if (reason !== undefined) return refusal(reason);
      this.conns.set(name, connection);
      this.#endChildless(name);
    }
    return done;
  }

  /** charon since 6.0 ends the IKE SAs without children of a connection that is loaded or unloaded. */
  #endChildless(name: string): void {
    if (!this.#isSince6) return;
    const isChildless = (ike: SimulatedIke) =>
      ike.name === name && ike.children.length + ike.queue.length === 0;
    for (const ike of this.ikes.filter(isChildless)) this.#after(0, () => this.#endIke(ike));
  }

  /** Initiates a CHILD SA, or an IKE SA without one unless there is an IKE SA. */
  #initiate(name: string, child: string | undefined): Message {
    const config = this.conns.get(name);
    const of = child === undefined ? `IKE_SA '${name}'` : `CHILD_SA '${child}'`;
    const children = (config?.["children"] ?? {}) as Record<string, Message>;
    const wanted = child === undefined ? config : children[child];
    if (config === undefined || wanted === undefined)
      return refusal(`${of.replace(" ", " config ")} not found`);
    const known = this.ikes.find((ike) => ike.name === name);
    const request = child === undefined ? undefined : { name: child, config: wanted };
    const ike = known ?? connectingIke(++this.#lastId, name, config, request);
    if (known === undefined && this.#options.peer(name) === "unresolved")
      return this.#unresolved(ike, of);
    if (known === undefined) this.#connect(ike);
    else if (request === undefined) return done;
    else if (known.state === "CONNECTING") known.queue.push(request);
    else this.#after(this.#latency, () => this.#createChild(known, request));
    return done;
  }

  #unresolved(ike: SimulatedIke, of: string): Message {
    const address = first(ike.config["remote_addrs"]) ?? "%any";
    const refused = { ...ike, state: "CREATED" } as const;
    this.#reports.alert(refused, "peer-addr-failed");
    this.#reports.log(refused, `unable to resolve ${address}, initiate aborted`);
    return refusal(`establishing ${of} failed`);
  }

  #connect(ike: SimulatedIke): void {
    this.ikes.push(ike);
    const behaviour = this.#options.peer(ike.name);
    if (behaviour === "silent") this.#retransmissions.begin(ike, () => this.#giveUp(ike));
    else if (behaviour === "another group") this.#retryGroup(ike, "ECP_256", 1);
    else this.#after(this.#latency, () => this.#answer(ike, behaviour));
  }

  #giveUp(ike: SimulatedIke): void {
    this.#reports.alert(ike, "peer-init-unreachable");
    this.#reports.log(ike, "establishing IKE_SA failed, peer not responding");
    this.#forget(ike);
  }

  #retryGroup(ike: SimulatedIke, group: string, attempt: number): void {
    this.#after(this.#latency, () => {
      if (!this.ikes.includes(ike)) return;
      this.#reports.log(ike, `peer didn't accept DH group ${group}, it requested MODP_2048`);
      if (attempt < groupRetries) return this.#retryGroup(ike, "MODP_2048", attempt + 1);
      this.#reports.log(ike, `giving up after ${groupRetries} retries`);
      this.#forget(ike);
    });
  }

  #answer(ike: SimulatedIke, behaviour: Behaviour): void {
    if (!this.ikes.includes(ike)) return;
    ike.answered = behaviour !== "no IKE proposal";
    const isRefused = behaviour !== "needs children" || ike.queue.length === 0;
    const [alert, notify] = (isRefused && refusals[behaviour]) || [];
    if (alert !== undefined) {
      this.#reports.alert(ike, alert);
      this.#reports.publish("ike-updown", { [ike.name]: ikeMessage(ike) });
      this.#reports.log(ike, `received ${notify} notify error`);
      this.#forget(ike);
      return;
    }
    ike.state = "ESTABLISHED";
    this.#reports.publish("ike-updown", { up: "yes", [ike.name]: ikeMessage(ike) });
    ike.tasks = [];
    if (this.#options.peer(ike.name) === "hangs up") {
      this.#reports.log(ike, `received DELETE for IKE_SA ${ike.name}[${ike.uniqueId}]`);
      this.#endIke(ike);
    }
    for (const child of ike.queue.splice(0)) this.#createChild(ike, child);
  }

  #createChild(ike: SimulatedIke, { name, config }: ChildRequest): void {
    if (!this.ikes.includes(ike) || ike.children.some((child) => child.name === name)) return;
    const behaviour = this.#options.peer(ike.name);
    const failed = childFailure(behaviour, config);
    if (failed !== undefined) {
      if (failed.alert !== undefined) this.#reports.alert(ike, failed.alert);
      this.#reports.alert(ike, "keep-on-child-sa-failure");
      this.#reports.log(ike, failed.line);
      this.#reports.log(ike, "failed to establish CHILD_SA, keeping IKE_SA");
      return;
    }
    const child = this.#child(name, accepted(behaviour, config));
    ike.children.push(child);
    this.#reports.childUp(ike, child);
    if (behaviour !== "closes") return;
    this.#after(10 * this.#latency, () => this.#end({ "child-id": String(child.uniqueId) }));
  }

  #child(name: string, config: Message): SimulatedChild {
    return { uniqueId: ++this.#lastId, name, config, state: "INSTALLED" };
  }

  /** Ends the selected SAs; returns their number. */
  #end(selector: Selector): number {
    const children = selectedChildren(this.ikes, selector);
    for (const { ike, child } of children ?? []) this.#endChild(ike, child);
    if (children !== undefined) return children.length;
    const ikes = selectedIkes(this.ikes, selector);
    for (const ike of ikes) this.#endIke(ike);
    return ikes.length;
  }

  #endChild(ike: SimulatedIke, child: SimulatedChild): void {
    child.state = "DELETED";
    this.#reports.childDown(ike, child);
    ike.children.splice(ike.children.indexOf(child), 1);
  }

  #endIke(ike: SimulatedIke): void {
    this.#forget(ike);
    if (ike.state === "CONNECTING") return;
    ike.state = "DELETING";
    this.#reports.ended(ike);
  }

  /** charon gives up an IKE SA without a change of its state. */
  #lose(ike: SimulatedIke): void {
    this.#forget(ike);
    this.#reports.ended(ike);
  }

  #rekey(selector: Selector): number {
    const children = selectedChildren(this.ikes, selector);
    for (const { ike, child } of children ?? []) {
      this.#after(this.#latency, () => this.#rekeyChild(ike, child));
    }
    if (children !== undefined) return children.length;
    const ikes = selectedIkes(this.ikes, selector);
    for (const ike of ikes) this.#after(this.#latency, () => this.#rekeyIke(ike));
    return ikes.length;
  }

  #rekeyChild(ike: SimulatedIke, old: SimulatedChild): void {
    if (!this.ikes.includes(ike) || !ike.children.includes(old)) return;
    const child = this.#child(old.name, old.config);
    ike.children.splice(ike.children.indexOf(old), 1, child);
    old.state = this.#isSince6 ? "REKEYING" : "REKEYED";
    const pair = { old: childMessage(old), new: childMessage(child) };
    this.#reports.publish("child-rekey", { [ike.name]: ikeMessage(ike, { [old.name]: pair }) });
  }

  #rekeyIke(old: SimulatedIke): void {
    if (!this.ikes.includes(old)) return;
    const ike: SimulatedIke = { ...old, uniqueId: ++this.#lastId };
    this.ikes.splice(this.ikes.indexOf(old), 1, ike);
    old.state = "REKEYING";
    const pair = {
      old: ikeMessage(old),
      new: ikeMessage(ike),
    };
    this.#reports.publish("ike-rekey", { [ike.name]: pair });
  }

  #established(connection: string): SimulatedIke[] {
    return this.ikes.filter(({ name, state }) => name === connection && state === "ESTABLISHED");
  }

  #forget(ike: SimulatedIke): void {
    this.ikes.splice(this.ikes.indexOf(ike), 1);
  }

  get #version(): CharonVersion {
    return this.#options.version ?? defaultVersion;
  }

  get #isSince6(): boolean {
    return isInRange(this.#version, { since: "6.0.0" });
  }

  get #latency(): number {
    return this.#options.latencyMs ?? 1;
  }

  #after(milliseconds: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, milliseconds);
    this.#timers.add(timer);
  }
}
