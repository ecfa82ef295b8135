import { renameSync, writeFileSync } from "node:fs";
import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import type { Pod } from "../../src/model/kubernetes/worker-pod.ts";
import type { LabCluster } from "./cluster.ts";

const namespace = "ipman-system";
const labelSelector = "ipman.dialo.ai/type in (operator,agent)";

/** Lists ipman's pods for a Prometheus, since Debian's has no service discovery of Kubernetes. */
export class PodTargets {
  readonly #cluster: LabCluster;
  readonly #file: string;

  /** @param file the file from which Prometheus reads the targets */
  constructor(cluster: LabCluster, file: string) {
    this.#cluster = cluster;
    this.#file = file;
  }

  /** The scrape configuration. */
  get job(): object {
    const found = { files: [this.#file], refresh_interval: "1s" };
    return { job_name: "ipman", file_sd_configs: [found] };
  }

  /**
   * Writes the targets.
   *
   * @param others targets in addition to the pods
   */
  async find(...others: readonly string[]): Promise<void> {
    const targets = [...others];
    await this.#cluster.client.list(resourceTypes.Pod, { namespace }, { labelSelector }, (pod) => {
      const { podIP } = (pod as Pod).status ?? {};
      if (podIP !== undefined) targets.push(`${podIP}:9740`);
    });
    const next = `${this.#file}.new`;
    writeFileSync(next, JSON.stringify([{ targets }]));
    renameSync(next, this.#file);
  }
}
