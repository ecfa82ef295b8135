import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { BehaviorSubject, NEVER, of } from "rxjs";
import type { Session } from "vici-client";
import { StateFile } from "../../src/adapters/files/state-file.ts";
import { KeptAddresses, keptAddressesCodec } from "../../src/adapters/floating/kept-addresses.ts";
import { netnsPath } from "../../src/adapters/linux/namespace.ts";
import { Poller } from "../../src/adapters/linux/poller.ts";
import { Charon as CharonAdapter } from "../../src/adapters/vici/charon.ts";
import { ikeSasIn } from "../../src/adapters/vici/list-sas.ts";
import { beatOf } from "../../src/machines/connection/elsewhere.ts";
import { isEstablished, isInstalled } from "../../src/model/charon/sa.ts";
import { SegmentKey } from "../../src/model/network/segment-key.ts";
import { desiredStates } from "../../src/runtime/desired/desired-states.ts";
import { KernelNetwork } from "../../src/runtime/kernel/kernel-network.ts";
import { NodeAddresses } from "../../src/runtime/kernel/node-addresses.ts";
import { Supervisor } from "../../src/runtime/supervisor/supervisor.ts";
import { clear } from "../sites/cable.ts";
import { Charon } from "../sites/charon.ts";
import { sitesFolder } from "../sites/evidence.ts";
import { connectionSpec, psk, secret } from "../sites/manifests.ts";
import { mirror } from "../sites/peer.ts";
import { eventually, ip } from "../sites/shell.ts";
import { impatient } from "../sites/two-sites.ts";

const floating = "192.168.1.9";
const roundMs = 50;

const manifest = connectionSpec("site", {
  localAddr: "",
  paths: [
    { name: "main", nodeName: "node-a" },
    { name: "reserve", nodeName: "node-b" },
  ],
  failover: { failback: "never", floatingAddr: `${floating}/24` },
});

/** The agent of one of two nodes, which are namespaces: supervisor, charon and addresses, without gateways. */
class NodeOfLab implements AsyncDisposable {
  readonly name: "node-a" | "node-b";
  readonly #charon: Charon;
  readonly #folder: string;
  readonly #poller = new Poller();
  #supervisor: Supervisor | undefined;

  constructor(name: "node-a" | "node-b", folder: string) {
    this.name = name;
    this.#folder = folder;
    this.#charon = new Charon({ name: `${name}-charon`, netns: name, folder, settings: impatient });
  }

  get group(): string {
    return `node:${this.name}`;
  }

  get root() {
    return this.#supervisor?.roots.get("site");
  }

  get holds(): boolean {
    return ip(`-n ${this.name} -br addr show dev eth0`).includes(`${floating}/`);
  }

  async start(): Promise<void> {
    await this.#charon.start();
    this.startAgent();
  }

  startAgent(): void {
    const charon = new CharonAdapter(this.#charon.vici);
    const namespace = netnsPath(this.name);
    const network = new KernelNetwork({
      poller: this.#poller,
      charon: () => charon.process,
      hostNamespace: namespace,
      vxlanPort: 4_790,
      segmentKey: new SegmentKey(Buffer.alloc(32, 1)),
    });
    const onTrouble = (error: unknown) => process.stdout.write(`${this.name}: ${String(error)}\n`);
    const file = new StateFile(join(this.#folder, `${this.name}.json`), keptAddressesCodec);
    const resources = [
      { kind: "IPSecConnection", key: "site", source: "site", document: manifest },
      { kind: "Secret", key: "default/ipsec-secret", source: "s", document: secret({ site: psk }) },
    ] as const;
    const desired = desiredStates(new BehaviorSubject({ resources, problems: [] }), {
      scope: "cluster",
      groupId: this.group,
      report: onTrouble,
    });
    this.#supervisor = new Supervisor({
      charon,
      network,
      addresses: new NodeAddresses({
        namespace: () => namespace,
        kept: new KeptAddresses(file, onTrouble),
      }),
      placement: {
        ensureGateway: () => {},
        removeGateway: () => {},
        prune: () => [],
        gateways: NEVER,
        workers: of([]),
      },
      desired,
    });
    this.#supervisor.start();
  }

  stopAgent(): void {
    this.#supervisor?.[Symbol.dispose]();
    this.#supervisor = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stopAgent();
    await this.#poller[Symbol.asyncDispose]();
    await this.#charon[Symbol.asyncDispose]();
  }
}

describe("an address that floats between two nodes with a charon each", () => {
  const resources = new AsyncDisposableStack();
  let a: NodeOfLab;
  let b: NodeOfLab;
  let session: Session;
  let isLinked = true;

  before(async () => {
    clear();
    const folder = sitesFolder();
    ip("link add float0 type bridge mcast_snooping 0");
    ip("link set float0 up");
    resources.defer(() => void ip("link del float0"));
    for (const [name, address] of [
      ["node-a", "192.168.1.1"],
      ["node-b", "192.168.1.3"],
      ["peer", "192.168.1.2"],
    ] as const) {
      ip(`netns add ${name}`);
      ip(`link add ${name} type veth peer name eth0 netns ${name}`);
      ip(`link set ${name} master float0 up`);
      ip(`-n ${name} link set eth0 up`);
      ip(`-n ${name} link set lo up`);
      ip(`-n ${name} addr add ${address}/24 dev eth0`);
      resources.defer(() => void ip(`netns del ${name}`));
    }
    const peer = new Charon({ name: "peer-charon", netns: "peer", folder, settings: impatient });
    resources.use(peer);
    await peer.start();
    session = resources.use(await peer.session());
    // The peer accepts the floating address alone.
    await mirror(session, manifest, { connection: { remote_addrs: [floating] } });
    [a, b] = [new NodeOfLab("node-a", folder), new NodeOfLab("node-b", folder)];
    for (const node of [a, b]) {
      resources.use(node);
      await node.start();
    }
    const timer = setInterval(exchange, roundMs);
    resources.defer(() => clearInterval(timer));
    setTimeout(() => [a, b].forEach((node) => node.root?.send({ type: "peers.known" })), 1_500);
  });
  after(() => resources.disposeAsync());

  function exchange(): void {
    for (const [receiver, sender] of [
      [a, b],
      [b, a],
    ] as const) {
      const beat = sender.root && beatOf(sender.root.getSnapshot().context);
      if (beat !== undefined && isLinked)
        receiver.root?.send({ type: "beat.heard", group: sender.group, beat });
    }
  }

  async function peersSas(): Promise<string[]> {
    const listed = await Array.fromAsync(session.stream("list-sas", {}));
    return listed
      .flatMap((message) => ikeSasIn(message))
      .filter((sa) => isEstablished(sa) && sa.children.some(isInstalled))
      .map(({ uniqueId }) => uniqueId);
  }

  /** Waits until one node has the address and the peer one tunnel, another than before. */
  async function settles(holder: NodeOfLab, former: string | undefined): Promise<string> {
    return eventually(async () => {
      assert.deepEqual(
        [a, b].filter(({ holds }) => holds).map(({ name }) => name),
        [holder.name],
      );
      const [sa, ...more] = await peersSas();
      assert.ok(sa !== undefined && sa !== former && more.length === 0, `${sa} ${more.join()}`);
      return sa;
    }, 15_000);
  }

  it("is that of the preferred path", async () => {
    await settles(a, undefined);
  });

  it("moves there and back, and the peer has one tunnel", async () => {
    for (const [path, holder] of [
      ["reserve", b],
      ["main", a],
      ["reserve", b],
      ["main", a],
    ] as const) {
      const [former] = await peersSas();
      const from = performance.now();
      for (const { root } of [a, b]) root?.send({ type: "move", path });
      await settles(holder, former);
      process.stdout.write(`      moved in ${Math.round(performance.now() - from)} ms\n`);
    }
  });

  it("stays while the agent of its node restarts", async () => {
    const [former] = await peersSas();
    a.stopAgent();
    assert.ok(a.holds);
    a.startAgent();
    setTimeout(() => a.root?.send({ type: "peers.known" }), 1_500);
    await eventually(() => assert.equal(a.root?.getSnapshot().context.choice.address.holds, true));
    assert.ok(a.holds && !b.holds);
    assert.deepEqual(await peersSas(), [former]);
  });

  it("is taken by the other node when the first one is cut off, and is there alone afterwards", async () => {
    const [former] = await peersSas();
    isLinked = false;
    ip("link set node-a nomaster");
    const from = performance.now();
    for (const [one, other] of [
      [b, a],
      [a, b],
    ] as const)
      one.root?.send({ type: "group.absent", group: other.group });
    await eventually(async () => {
      assert.ok(b.holds);
      assert.ok((await peersSas()).some((sa) => sa !== former));
    });
    process.stdout.write(`      taken in ${Math.round(performance.now() - from)} ms\n`);
    const [taken] = await peersSas();
    ip("link set node-a master float0");
    isLinked = true;
    for (const [one, other] of [
      [b, a],
      [a, b],
    ] as const)
      one.root?.send({ type: "group.present", group: other.group });
    await eventually(() => assert.ok(!a.holds && b.holds));
    assert.deepEqual(await peersSas(), [taken]);
    // Longer than dead peer detection takes on the first node.
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    assert.deepEqual(await peersSas(), [taken]);
    assert.ok(!a.holds && b.holds);
  });
});
