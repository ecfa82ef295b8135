import assert from "node:assert/strict";
import type { Message } from "vici-client";
import { ikeSasIn } from "../../src/adapters/vici/list-sas.ts";
import { cable, clear, flushXfrm } from "../sites/cable.ts";
import { Charon } from "../sites/charon.ts";
import { droppedBy } from "../sites/drops.ts";
import { Evidence, sitesFolder } from "../sites/evidence.ts";
import { Ipman } from "../sites/ipman.ts";
import { secret, yaml } from "../sites/manifests.ts";
import { answered, Pinging } from "../sites/pings.ts";
import { eventually, ip } from "../sites/shell.ts";
import { impatient } from "../sites/two-sites.ts";
import { type Haste, type Implementation, type Peer } from "./peer.ts";
import { PeerRoot } from "./peer-root.ts";
import { childKey, manifestOf, nodeAddress, type Declaration, type Tunnel } from "./tunnel.ts";

/** The tunnels' numbers. */
const numbers = Array.from({ length: 19 }, (_, i) => i + 2);

/** The SAs of a tunnel, by their unique ids in the node's charon. */
export interface UpSas {
  /** Established IKE SAs. */
  readonly ike: readonly string[];
  /** CHILD SAs that carry traffic. */
  readonly children: readonly string[];
  /** The states of other IKE SAs. */
  readonly others: readonly string[];
}

/** A node with charon and ipman, and a peer of another implementation. */
export class PeerSite implements AsyncDisposable {
  readonly node: Charon;
  readonly ipman: Ipman;
  readonly peer: Peer;
  /** The peer's upstream version. */
  readonly version: string;
  /** The habits that may lose packets in the present case. */
  haste: readonly Haste[] = [];
  #resources: AsyncDisposableStack;
  readonly #keys = new Map<string, string>();
  /** The address of each tunnel's worker. */
  readonly #workers = new Map<string, string>();

  private constructor(implementation: Implementation, resources: AsyncDisposableStack) {
    this.#resources = resources;
    clear();
    resources.defer(clear);
    cable();
    const folder = sitesFolder();
    resources.use(new Evidence(folder));
    const root = resources.use(new PeerRoot(implementation.root, folder));
    this.version = root.version(implementation.package);
    this.peer = resources.use(implementation.create(root, folder));
    this.node = resources.use(new Charon({ name: "node-charon", folder, settings: impatient }));
    this.ipman = resources.use(new Ipman(folder, this.node.vici));
  }

  static async build(implementation: Implementation): Promise<PeerSite> {
    await using resources = new AsyncDisposableStack();
    const site = new PeerSite(implementation, resources);
    for (const number of numbers) {
      ip(`addr replace ${nodeAddress(number)}/24 dev wire0`);
      ip(`-n peer addr replace 10.1.${number}.1/24 dev lo`);
    }
    await Promise.all([site.node.start(), site.peer.start()]);
    await site.ipman.start();
    site.#resources = resources.move();
    return site;
  }

  /** Brings a tunnel up, with a worker behind it. `atPeer`: how the peer's side differs. */
  async up(tunnel: Tunnel, atPeer: Partial<Tunnel> = {}, declaration?: Declaration) {
    await this.peer.load({ ...tunnel, ...atPeer });
    this.declare(tunnel, declaration);
    await this.ready(tunnel);
    this.attach(tunnel);
  }

  /** Writes the manifest of a tunnel, and its key. */
  declare(tunnel: Tunnel, declaration?: Declaration): void {
    this.#keys.set(tunnel.name, tunnel.key);
    this.ipman.apply("secret.yaml", yaml(secret(Object.fromEntries(this.#keys))));
    this.ipman.apply(`${tunnel.name}.yaml`, yaml(manifestOf(tunnel, declaration)));
  }

  ready({ name }: Tunnel, timeoutMs?: number) {
    return this.ipman.ready(name, timeoutMs);
  }

  attach(tunnel: Tunnel): void {
    const netns = workerOf(tunnel);
    ip(`netns add ${netns}`);
    this.#workers.set(tunnel.name, this.ipman.attach(netns, tunnel.name, childKey(tunnel)));
  }

  /** Removes a tunnel from both sides. */
  async remove(tunnel: Tunnel): Promise<void> {
    this.ipman.remove(`${tunnel.name}.yaml`);
    await this.ipman.until(({ connections }) => connections.every(({ id }) => id !== tunnel.name));
    await this.peer.unload(tunnel);
  }

  /** Asserts that a tunnel carries pings both ways. */
  carries(tunnel: Tunnel): void {
    const options = ["-c", "3", "-i", "0.02"];
    const toWorker = [...options, "-I", tunnel.target];
    assert.equal(answered(workerOf(tunnel), tunnel.target, ...options), 3, "from the worker");
    assert.equal(answered("peer", this.addressOf(tunnel), ...toWorker), 3, "from the peer");
  }

  /** The address of a tunnel's worker. */
  addressOf({ name }: Tunnel): string {
    const [address = ""] = (this.#workers.get(name) ?? "").split("/");
    return address;
  }

  pinging(tunnel: Tunnel): Pinging {
    return new Pinging(workerOf(tunnel), tunnel.target);
  }

  /** The number of packets that the kernel dropped because of haste. */
  hasteLosses(): number {
    const habits = this.haste.flatMap((haste) => haste.habits);
    return habits.map(droppedBy).reduce((sum, count) => sum + count, 0);
  }

  /** The longest time without an SA in the present case; milliseconds. */
  get gapMs(): number {
    return Math.max(0, ...this.haste.map(({ gapMs = 0 }) => gapMs));
  }

  /** A command to the node's charon. */
  async command(name: string, message: Message): Promise<Message> {
    const session = await this.node.session();
    try {
      return await session.request(name, message);
    } finally {
      session.close();
    }
  }

  /** Waits until the node's charon has a tunnel's connection. */
  async loaded({ name }: Tunnel): Promise<void> {
    await eventually(async () => {
      const { conns } = await this.command("get-conns", {});
      assert.ok(Array.isArray(conns) && conns.includes(name));
    });
  }

  async sas({ name }: Tunnel): Promise<UpSas> {
    const session = await this.node.session();
    const listed = await Array.fromAsync(session.stream("list-sas", { ike: name }));
    session.close();
    const sas = listed.flatMap((message) => ikeSasIn(message));
    const up = sas.filter(({ state }) => state === "ESTABLISHED");
    const children = up.flatMap((sa) => sa.children).filter(({ state }) => state === "INSTALLED");
    return {
      ike: up.map(({ uniqueId }) => uniqueId),
      children: children.map(({ uniqueId }) => uniqueId),
      others: sas.filter((sa) => !up.includes(sa)).map(({ state }) => state),
    };
  }

  /** Waits until a tunnel has one IKE SA, no other one, and one CHILD SA, which the condition accepts. */
  async settles(
    tunnel: Tunnel,
    accepts: (sas: UpSas) => boolean = () => true,
    timeoutMs = 20_000,
  ): Promise<void> {
    await eventually(
      async () => {
        const sas = await this.sas(tunnel);
        const { ike, children, others } = sas;
        assert.deepEqual([ike.length, children.length, others], [1, 1, []], JSON.stringify(sas));
        assert.ok(accepts(sas), `still ${JSON.stringify(sas)}`);
      },
      timeoutMs,
      50,
    );
  }

  /** Waits until pings of a tunnel are answered. */
  async answers(tunnel: Tunnel, timeoutMs = 30_000): Promise<void> {
    const options = ["-c", "1", "-W", "0.3"];
    const answer = () => answered(workerOf(tunnel), tunnel.target, ...options);
    await eventually(() => assert.equal(answer(), 1), timeoutMs, 100);
  }

  async restartPeer(): Promise<void> {
    await this.peer.kill();
    flushXfrm("peer");
    await this.peer.start();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }
}

/** The network namespace of a tunnel's worker. */
export function workerOf({ number }: Tunnel): string {
  return `app-${number}`;
}
