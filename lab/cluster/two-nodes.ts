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
import type { LabCluster, NodeName } from "./cluster.ts";
import { Workload } from "./workload.ts";

/** The machines send about two thirds of this rate. */
const pingsPerSecond = 100;
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

/** The connection of the walk-through with the paths main and reserve, and a worker on node-b. */
export class TwoNodes {
  readonly #cluster: LabCluster;
  readonly target: string;
  #pod: Workload | undefined;
  #netns = "";

  /** @param target a host of the partner that answers pings */
  constructor(cluster: LabCluster, target: string) {
    this.#cluster = cluster;
    this.target = target;
  }

  /** Takes the first pod of the Deployment `work` as the worker. */
  async choosePod(): Promise<void> {
    [this.#pod] = Workload.started(this.#cluster, "work") as [Workload];
    this.#netns = await this.#pod.networkNamespace("node-b");
  }

  /** The same with pods that start now, which know the gateways on both nodes. */
  async replacePods(): Promise<void> {
    this.#cluster.kubectl("delete", "pods", "-l", "app=work");
    await this.choosePod();
  }

  /** A field of the connection's status. */
  field(path: string): string {
    const connection = ["get", "ipsecconnection", "example-connection"];
    return this.#cluster.kubectl(...connection, "-o", `jsonpath={.status.${path}}`);
  }

  rolesAre(...roles: string[]): Promise<void> {
    const expected = roles.join(" ");
    return eventually(() => assert.equal(this.field("paths[*]['name','role']"), expected), 30_000);
  }

  /** Waits until a path that stands by has an IKE SA. */
  isReady(path: string): Promise<void> {
    return eventually(() => {
      const state = this.field(`paths[?(@.name=="${path}")].state`);
      assert.equal(state, "established", `${path}: ${state}`);
      const redundant = this.field('conditions[?(@.type=="Redundant")].status');
      assert.equal(redundant, "True");
    }, 60_000);
  }

  move(path: string) {
    return this.#cluster.plugin("move", "example-connection", path);
  }

  /** Waits until the worker's pings are answered. */
  carries(): Promise<void> {
    const pod = this.#pod as Workload;
    return eventually(
      () => assert.equal(pod.answered(this.target, "-c", "3", "-i", "0.1"), 3),
      60_000,
    );
  }

  /** The number of a node's SAs. */
  async sas(node: NodeName): Promise<number> {
    return Number(await this.#cluster.nodes[node].sh("ip xfrm state | grep -c '^src' || true"));
  }

  /** The switches that the agent on node-b has counted. */
  async switches(): Promise<number> {
    const agent = ["-n", "ipman-system", "-l", "ipman.dialo.ai/type=agent"];
    const on = [
      "--field-selector",
      "spec.nodeName=node-b",
      "-o",
      "jsonpath={.items[0].status.podIP}",
    ];
    const address = this.#cluster.kubectl("get", "pods", ...agent, ...on);
    const text = await (await fetch(`http://${address}:9740/metrics`)).text();
    const counts = text.matchAll(
      /^ipman_path_switches_total\{connection="example-connection",cause="\w+"\} (\d+)/gm,
    );
    return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
  }

  /** Pings from the pod's namespace, without the API server, while something happens. */
  async underPings(seconds: number, act: () => unknown): Promise<Suffered> {
    const ping = ["ping", ...countedArguments(seconds * pingsPerSecond, this.target)].join(" ");
    const output = this.#inPod(ping);
    await pause(1_500);
    await act();
    return shown(await output);
  }

  /** The same beside a transfer by TCP to a host of the partner, which must not lose a byte. */
  async underTraffic(seconds: number, host: string, act: () => unknown): Promise<Suffered> {
    const sending = this.#inPod(`node ${transferScript} send ${host} ${seconds} 2>&1`);
    // With a deadline of its own (-w), ping would end at the first ICMP error.
    const ping = ["ping", ...pingArguments(this.target)].join(" ");
    const output = this.#inPod(`timeout -s INT ${seconds} ${ping}`);
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

  #inPod(command: string): Promise<string> {
    return this.#cluster.nodes["node-b"].sh(`nsenter --net=${this.#netns} ${command} || true`);
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
