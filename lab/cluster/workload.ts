import { once } from "node:events";
import { mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { countedArguments, countPings, statistics, type Pinged } from "../sites/pings.ts";
import { start } from "../sites/shell.ts";
import type { LabCluster, NodeName } from "./cluster.ts";

/** A pod of the lab, with a shell by `kubectl exec`. */
export class Workload {
  readonly #cluster: LabCluster;
  readonly name: string;
  readonly namespace: string;

  constructor(cluster: LabCluster, name: string, namespace = "default") {
    this.#cluster = cluster;
    this.name = name;
    this.namespace = namespace;
  }

  /** The pods of a Deployment, by its label `app`. */
  static of(cluster: LabCluster, app: string, namespace = "default"): Workload[] {
    const names = cluster.kubectl(
      "get",
      "pods",
      "-n",
      namespace,
      "-l",
      `app=${app}`,
      "--field-selector",
      "status.phase=Running",
      "-o",
      "name",
    );
    const found = names.split("\n").filter(Boolean);
    return found.map((name) => new Workload(cluster, name.replace("pod/", ""), namespace));
  }

  /** Waits until all pods of a Deployment run, and returns them; they need not exist yet. */
  static started(cluster: LabCluster, app: string, namespace = "default"): Workload[] {
    const status = ["rollout", "status", `deployment/${app}`, "-n", namespace];
    cluster.kubectl(...status, "--timeout=100s");
    return Workload.of(cluster, app, namespace);
  }

  sh(script: string): string {
    const { name, namespace } = this;
    return this.#cluster.kubectl(
      "exec",
      "-n",
      namespace,
      name,
      "-c",
      "main",
      "--",
      "busybox",
      "sh",
      "-c",
      script,
    );
  }

  /** The pod's address in the tunnel's segment. */
  get address(): string {
    return this.sh("echo $VXLAN_IP").trim();
  }

  /** The path of the pod's network namespace on its node. */
  async networkNamespace(node: NodeName): Promise<string> {
    const { name, namespace } = this;
    const ask = ["get", "pod", name, "-n", namespace, "-o", "jsonpath={.metadata.uid}"];
    const uid = this.#cluster.kubectl(...ask).trim();
    const found = await this.#cluster.nodes[node].sh(
      `for p in /proc/[0-9]*; do if grep -q pod${uid} $p/cgroup 2>/dev/null; then echo $p/ns/net; break; fi; done`,
    );
    return found.trim();
  }

  /** The number of pings that were answered within a second. */
  answered(address: string, ...options: string[]): number {
    // The path selects this ping, since the shell's own ping prints less.
    const ping = `/usr/bin/ping -n -q -W 1 ${options.join(" ")} ${address}`;
    return statistics(this.sh(`${ping} || true`)).received;
  }

  /** Pings `count` times, 10 ms apart or as fast as the machine can. */
  async pings(count: number, address: string): Promise<Pinged> {
    const { name, namespace } = this;
    const ping = ["/usr/bin/ping", ...countedArguments(count, address)];
    const { file, env } = this.#cluster.tool("kubectl");
    const args = ["exec", "-n", namespace, name, "-c", "main", "--", ...ping];
    // A file, since no code reads a pipe while a test waits for another kubectl, and a kubectl
    // with a full pipe misses the server's heartbeat and ends.
    const outputFile = join(mkdtempSync(join(this.#cluster.folder, "pings-")), "ping.log");
    await once(start(outputFile, file, args, env), "exit");
    return countPings(readFileSync(outputFile, "utf8"));
  }
}
