import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { KubeObject } from "../../model/kube-object.ts";
import { label } from "../../model/labels.ts";
import { textOption, type Values } from "../command.ts";
import { agentsIn, ipmanIn, type Agent } from "./agents.ts";
import type { Kubectl } from "./kubectl.ts";
import { withoutSecrets } from "../redact.ts";
import { outputAnyway } from "./status.ts";

interface List {
  readonly items: readonly KubeObject[];
}

/** An archive for who is asked for help: what there is, what happened, and no secret. */
export async function gather(kubectl: Kubectl, values: Values): Promise<number> {
  const out = resolve(textOption(values, "output", "ipman-gathered.tar.gz"));
  const folder = mkdtempSync(join(tmpdir(), "ipman-gather-"));
  try {
    const name = "ipman-gathered";
    const into = new Gathering(kubectl, join(folder, name));
    await into.everything();
    execFileSync("tar", ["-czf", out, "-C", folder, name]);
    process.stdout.write(`${out}: ${into.count} files; no Secret is among them\n`);
    return 0;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

class Gathering {
  readonly #kubectl: Kubectl;
  readonly #folder: string;
  count = 0;

  constructor(kubectl: Kubectl, folder: string) {
    this.#kubectl = kubectl;
    this.#folder = folder;
  }

  async everything(): Promise<void> {
    const agents = await agentsIn(this.#kubectl);
    const namespace = agents[0]?.namespace ?? "ipman-system";
    const { items } = await this.#kubectl.json<List>("get", "ipsecconnections");
    const connections = items.map(({ metadata }) => metadata.name);
    const inNamespace = ["-n", namespace, "-o", "yaml"];
    await this.#put("version.txt", "version");
    await this.#put("nodes.txt", "get", "nodes", "-o", "wide");
    await this.#put("connections.yaml", "get", "ipsecconnections", "-o", "yaml");
    await this.#put("groups.yaml", "get", "charongroups", "-A", "-o", "yaml");
    await this.#put("workloads.yaml", "get", "deployments,pods,leases", ...inNamespace);
    await this.#put("events.txt", "get", "events", "-n", namespace);
    for (const name of connections)
      await this.#put(`connections/${name}.txt`, "describe", "ipsecconnection", name);
    await this.#logs(namespace);
    for (const agent of agents) await this.#agent(agent, connections);
  }

  async #logs(namespace: string): Promise<void> {
    const wanted = `${label.type} in (operator,agent,charon)`;
    const { items } = await this.#kubectl.json<List>("get", "pods", "-n", namespace, "-l", wanted);
    for (const { metadata } of items) {
      const all = ["logs", "-n", namespace, metadata.name, "--timestamps", "--tail=20000"];
      await this.#put(`logs/${metadata.name}.log`, ...all);
    }
  }

  async #agent(agent: Agent, connections: readonly string[]): Promise<void> {
    const at = `agents/${agent.name}`;
    const said = await this.#put(`${at}/status.json`, ...ipmanIn(agent, "status", "-o", "json"));
    await this.#put(`${at}/actors.jsonl`, ...ipmanIn(agent, "inspect", "--once", "-o", "json"));
    for (const name of connections.filter((one) => said.includes(`"id":"${one}"`)))
      await this.#put(`${at}/diagnosis-${name}.txt`, ...ipmanIn(agent, "diagnose", name));
  }

  /** What cannot be had says so in its place: the rest is of use nonetheless. */
  async #put(file: string, ...args: readonly string[]): Promise<string> {
    const text = await outputAnyway(this.#kubectl, args).catch((error: unknown) => String(error));
    const path = join(this.#folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, withoutSecrets(text));
    this.count++;
    process.stderr.write(`gather: ${file}\n`);
    return text;
  }
}
