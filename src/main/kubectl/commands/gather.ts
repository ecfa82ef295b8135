import type { KubeObject } from "../../../model/kubernetes/kube-object.ts";
import { label } from "../../../model/kubernetes/labels.ts";
import { isObjectName } from "../../../model/api/names.ts";
import { reservationsSelector } from "../../../model/addresses/connection-reservations.ts";
import { Archive } from "../../archive/archive.ts";
import { archiveFile } from "../../commands/gather.ts";
import { agentsIn, ipmanIn, type Agent, type ItemList } from "../cluster/agents.ts";
import { defineClusterCommand } from "../cluster/cluster-options.ts";
import type { Kubectl } from "../cluster/kubectl.ts";

/** The namespace of ipman, unless the user names it or there is an agent. */
const usualNamespace = "ipman-system";

export const command = defineClusterCommand({
  details: `Packs the connections, groups and reservations of the cluster, ipman's own pods with their logs, the
events, the status of each agent, and a diagnosis of each connection. It changes nothing.

It reads no Secret and removes everything that looks like one. Check the archive nonetheless before
you pass it on.`,
  arguments: {},
  options: { output: archiveFile },
  run: async ({ output }, kubectl) => {
    using archive = new Archive();
    await new Gathering(kubectl, archive).everything();
    process.stdout.write(archive.write(output));
    return 0;
  },
});

class Gathering {
  readonly #kubectl: Kubectl;
  readonly #archive: Archive;

  constructor(kubectl: Kubectl, archive: Archive) {
    this.#kubectl = kubectl;
    this.#archive = archive;
  }

  async everything(): Promise<void> {
    const agents = await agentsIn(this.#kubectl);
    const namespace = this.#kubectl.namespace ?? agents[0]?.namespace ?? usualNamespace;
    const { items } = await this.#kubectl.json<ItemList<KubeObject>>("get", "ipsecconnections");
    const connections = items.map(({ metadata }) => metadata.name).filter(isObjectName);
    const inNamespace = ["-n", namespace, "-o", "yaml"];
    await this.#put("version.txt", "version");
    await this.#put("nodes.txt", "get", "nodes", "-o", "wide");
    await this.#put("connections.yaml", "get", "ipsecconnections", "-o", "yaml");
    await this.#put("groups.yaml", "get", "charongroups", "-A", "-o", "yaml");
    await this.#put("workloads.yaml", "get", "deployments,pods,leases", ...inNamespace);
    await this.#put(
      "reservations.yaml",
      "get",
      "configmaps",
      "-l",
      reservationsSelector,
      ...inNamespace,
    );
    await this.#put("events.txt", "get", "events", "-n", namespace);
    for (const name of connections)
      await this.#put(`connections/${name}.txt`, "describe", "ipsecconnection", name);
    await this.#logs(namespace);
    for (const agent of agents.filter(({ name }) => isObjectName(name)))
      await this.#agent(agent, connections);
  }

  async #logs(namespace: string): Promise<void> {
    const ownPods = `${label.type} in (operator,agent,charon)`;
    const { items } = await this.#kubectl.json<ItemList<KubeObject>>(
      "get",
      "pods",
      "-n",
      namespace,
      "-l",
      ownPods,
    );
    for (const { metadata } of items.filter(({ metadata: { name } }) => isObjectName(name))) {
      const all = ["logs", "-n", namespace, metadata.name, "--timestamps", "--tail=20000"];
      await this.#put(`logs/${metadata.name}.log`, ...all);
    }
  }

  async #agent(agent: Agent, connections: readonly string[]): Promise<void> {
    const at = `agents/${agent.name}`;
    const status = await this.#put(`${at}/status.json`, ...ipmanIn(agent, "status", "-o", "json"));
    await this.#put(`${at}/actors.jsonl`, ...ipmanIn(agent, "inspect", "--once", "-o", "json"));
    for (const name of connections.filter((one) => status.includes(`"id":"${one}"`)))
      await this.#put(`${at}/diagnosis-${name}.txt`, ...ipmanIn(agent, "diagnose", name));
  }

  #put(file: string, ...args: readonly string[]): Promise<string> {
    return this.#archive.put(file, () => this.#kubectl.runAnyway(...args));
  }
}
