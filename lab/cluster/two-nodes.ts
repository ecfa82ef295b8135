import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import {
  countedArguments,
  countPings,
  longestGapMs,
  pingArguments,
  type Pinged,
} from "../sites/pings.ts";
import { eventually } from "../sites/shell.ts";
import { addresses, type LabCluster, type NodeName } from "./cluster.ts";
import { walkThrough, walkThroughChild } from "./manifests.ts";
import { configurePeer, examplePeer } from "./peer.ts";
import { Workload } from "./workload.ts";

const connection = "example-connection";
const paths = [
  { name: "main" },
  {
    name: "reserve",
    nodeName: "node-b",
    localAddr: addresses.nodeB,
    localId: addresses.nodeB,
  },
];

/** The address of the partner that the worker pings. */
export const target = "10.0.1.1";

/** The paths of a move to the second node and back, with the roles of both after it. */
export const stations = [
  ["reserve", "standby active"],
  ["main", "active standby"],
] as const;

/** The machines send about two thirds of this rate. */
export const pingsPerSecond = 100;
/** From the start of the traffic to the event; a machine needs a second to start Node. */
const leadMs = 3_000;
const transferScript = join(import.meta.dirname, "transfer.ts");

/** The result of a transfer by TCP, as the sender prints it. */
interface Transferred {
  readonly bytes: number;
  /** Whether the receiver had every byte. */
  readonly complete: boolean;
  /** The longest time in which the receiver got nothing. */
  readonly stallMs: number;
}

/** The effect of an event on the traffic of a worker. */
export interface Suffered extends Pinged {
  /** The longest time between two answers. */
  readonly gapMs: number;
}

export interface TwoNodesSettings {
  readonly failover: { readonly failback: "never" | "planned"; readonly holdSeconds?: number };
  /** Changes of the child. */
  readonly child?: object;
}

/** The pings of the worker, and those of the partner to it, at the same time. */
interface BothPinged {
  readonly worker: Pinged;
  readonly partner: Pinged;
}

/** The connection of the walk-through with a path on each node, and a worker on the second one. */
export class TwoNodes {
  readonly #cluster: () => LabCluster;
  readonly #target: string;
  #worker: Workload | undefined;
  /** The path of the worker's network namespace. */
  #netns = "";

  /** @param pinged a host of the partner that answers pings */
  constructor(cluster: () => LabCluster, pinged = target) {
    this.#cluster = cluster;
    this.#target = pinged;
  }

  /** Has the partner know the second path as well. */
  async introduce(): Promise<void> {
    const other = { ...examplePeer, name: "reserve", remoteId: addresses.nodeB };
    await configurePeer(this.#cluster(), [examplePeer, other]);
  }

  /** Declares both paths. */
  declare({ failover, child = {} }: TwoNodesSettings): void {
    const children = { "example-child": walkThroughChild(2, child) };
    this.#cluster().apply(walkThrough("node-a", { paths, failover, children }));
  }

  /** Enters a worker that is there. */
  async enter(): Promise<void> {
    [this.#worker] = Workload.of(this.#cluster(), "work") as [Workload];
    this.#netns = await this.worker.networkNamespace("node-b");
  }

  /** Replaces the workers by others, which know the gateways of both nodes. */
  async replaceWorkers(): Promise<void> {
    this.#cluster().kubectl("delete", "pods", "-l", "app=work");
    Workload.started(this.#cluster(), "work");
    await this.enter();
    await this.carries();
  }

  get worker(): Workload {
    if (this.#worker === undefined) throw new Error("no worker was entered");
    return this.#worker;
  }

  /** A field of the connection's status. */
  field(path: string): string {
    const get = ["get", "ipsecconnection", connection, "-o", `jsonpath={.status.${path}}`];
    return this.#cluster().kubectl(...get);
  }

  rolesAre(...roles: string[]): Promise<void> {
    return eventually(
      () => assert.equal(this.field("paths[*]['name','role']"), roles.join(" ")),
      30_000,
    );
  }

  /** Waits until a path has an IKE SA, and is a path to take over to. */
  isReady(path: string): Promise<void> {
    return eventually(() => {
      const state = this.field(`paths[?(@.name=="${path}")].state`);
      assert.equal(state, "established", `${path}: ${state}`);
      assert.equal(this.field('conditions[?(@.type=="Redundant")].status'), "True");
    }, 60_000);
  }

  carries(): Promise<void> {
    return eventually(
      () => assert.equal(this.worker.answered(this.#target, "-c", "3", "-i", "0.1"), 3),
      60_000,
    );
  }

  move(path: string) {
    return this.#cluster().plugin("move", connection, path);
  }

  /** The number of a node's SAs. */
  async sas(node: NodeName): Promise<number> {
    return Number(await this.#cluster().nodes[node].sh("ip xfrm state | grep -c '^src' || true"));
  }

  /** The switches that the agent on node-b has counted. */
  async switches(): Promise<number> {
    const agent = ["-n", "ipman-system", "-l", "ipman.dialo.ai/type=agent"];
    const on = ["--field-selector", "spec.nodeName=node-b"];
    const podIp = ["-o", "jsonpath={.items[0].status.podIP}"];
    const address = this.#cluster().kubectl("get", "pods", ...agent, ...on, ...podIp);
    const text = await (await fetch(`http://${address}:9740/metrics`)).text();
    const counts = text.matchAll(
      /^ipman_path_switches_total\{connection="example-connection",cause="\w+"\} (\d+)/gm,
    );
    return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
  }

  /** Runs a script in the worker's network, without the API server. */
  inWorker(script: string): Promise<string> {
    const node = this.#cluster().nodes["node-b"];
    return node.sh(`nsenter --net=${this.#netns} sh -c '${script}'`);
  }

  /** Pings from the worker while something happens. */
  async underPings(seconds: number, act: () => unknown): Promise<Suffered> {
    const options = countedArguments(seconds * pingsPerSecond, this.#target).join(" ");
    const output = this.inWorker(`ping ${options} || true`);
    await pause(1_500);
    await act();
    return shown(await output);
  }

  /** The same beside a transfer by TCP to a host of the partner, which must not lose a byte. */
  async underTraffic(seconds: number, host: string, act: () => unknown): Promise<Suffered> {
    const sending = this.inWorker(`node ${transferScript} send ${host} ${seconds} 2>&1 || true`);
    // With a deadline of its own (-w), ping would end at the first ICMP error.
    const ping = ["ping", ...pingArguments(this.#target)].join(" ");
    const output = this.inWorker(`timeout -s INT ${seconds} ${ping} || true`);
    await pause(leadMs);
    await act();
    const suffered = shown(await output);
    const printed = await sending;
    assert.match(printed, /^\{/, printed);
    const { bytes, complete, stallMs } = JSON.parse(printed) as Transferred;
    process.stdout.write(`      ${bytes} bytes by TCP, which stood still for ${stallMs} ms\n`);
    assert.ok(complete, "the receiver has not got every byte");
    return suffered;
  }

  /** The same, while the partner pings the worker as well. */
  async underBothPings(seconds: number, act: () => unknown): Promise<BothPinged> {
    const options = countedArguments(seconds * pingsPerSecond, this.worker.address).join(" ");
    const output = this.#cluster().peer.sh(`ping ${options} || true`);
    const worker = await this.underPings(seconds, act);
    return { worker, partner: countPings(await output) };
  }
}

function shown(output: string): Suffered {
  const pinged = countPings(output);
  const gapMs = longestGapMs(output);
  const { lost, sent } = pinged;
  const errors = output.match(/^.*icmp_seq=.* Unreachable/gm) ?? [];
  process.stdout.write(
    `      ${lost.length} of ${sent} lost, at most ${gapMs} ms without one${
      errors.length > 0 ? `, ${errors.length} errors: ${errors[0]}` : ""
    }\n`,
  );
  return { ...pinged, gapMs };
}
