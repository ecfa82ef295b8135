import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { countedArguments, countPings, type Pinged } from "../sites/pings.ts";
import { eventually } from "../sites/shell.ts";
import { addresses, type LabCluster } from "./cluster.ts";
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
  #worker: Workload | undefined;
  /** The path of the worker's network namespace. */
  #netns = "";

  constructor(cluster: () => LabCluster) {
    this.#cluster = cluster;
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
      () => assert.equal(this.worker.answered(target, "-c", "3", "-i", "0.1"), 3),
      60_000,
    );
  }

  move(path: string) {
    return this.#cluster().plugin("move", connection, path);
  }

  /** Runs a script in the worker's network, without the API server. */
  inWorker(script: string): Promise<string> {
    const node = this.#cluster().nodes["node-b"];
    return node.sh(`nsenter --net=${this.#netns} sh -c '${script}'`);
  }

  /** Pings from the worker while something happens. */
  async underPings(seconds: number, act: () => unknown): Promise<Pinged> {
    const options = countedArguments(seconds * pingsPerSecond, target).join(" ");
    const output = this.inWorker(`ping ${options} || true`);
    await pause(1_500);
    await act();
    const pinged = countPings(await output);
    process.stdout.write(`      ${pinged.lost.length} of ${pinged.sent} lost\n`);
    return pinged;
  }

  /** The same, while the partner pings the worker as well. */
  async underBothPings(seconds: number, act: () => unknown): Promise<BothPinged> {
    const options = countedArguments(seconds * pingsPerSecond, this.worker.address).join(" ");
    const output = this.#cluster().peer.sh(`ping ${options} || true`);
    const worker = await this.underPings(seconds, act);
    return { worker, partner: countPings(await output) };
  }
}
