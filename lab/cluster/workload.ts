import { parsePings, type Pinged } from "../sites/traffic.ts";
import type { LabCluster } from "./cluster.ts";

/** A pod of the lab with a shell, by `kubectl exec`. */
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
      ...["get", "pods", "-n", namespace, "-l", `app=${app}`],
      ...["--field-selector", "status.phase=Running", "-o", "name"],
    );
    const found = names.split("\n").filter(Boolean);
    return found.map((name) => new Workload(cluster, name.replace("pod/", ""), namespace));
  }

  sh(script: string): string {
    const { name, namespace } = this;
    return this.#cluster.kubectl(
      ...["exec", "-n", namespace, name, "-c", "main", "--", "busybox", "sh", "-c", script],
    );
  }

  /** Its address in the tunnel's segment. */
  get address(): string {
    return this.sh("echo $VXLAN_IP").trim();
  }

  ping(address: string, ...options: string[]): Pinged {
    // By its path: the shell has a ping of its own, which says less.
    const ping = `/usr/bin/ping -n -q -W 1 ${options.join(" ")} ${address}`;
    return parsePings(this.sh(`${ping} || true`));
  }
}
