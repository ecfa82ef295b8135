import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { KubeClient } from "../../src/adapters/kubernetes/client/kube-client.ts";
import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import { yaml } from "../sites/manifests.ts";
import { eventually, ip, sh } from "../sites/shell.ts";
import { forward, type Forward } from "./forward.ts";
import { ControlPlane } from "./control-plane.ts";
import { Vm } from "./vm.ts";

const here = import.meta.dirname;

/** The walk-through's addresses, of a node and a peer, and those that the lab adds. */
export const addresses = {
  nodeA: "192.168.1.1",
  peer: "192.168.1.2",
  nodeB: "192.168.1.3",
  host: "192.168.1.254",
} as const;

export const podNetworks = { "node-a": "10.244.1.0/24", "node-b": "10.244.2.0/24" } as const;

export type NodeName = keyof typeof podNetworks;

/** A real cluster: control plane, two nodes, and a peer's site beside it. */
export class LabCluster implements AsyncDisposable {
  readonly chart = join(here, "../../charts/ipman");
  readonly folder: string;
  readonly plane: ControlPlane;
  readonly nodes: Readonly<Record<NodeName, Vm>>;
  readonly peer: Vm;
  readonly client: KubeClient;

  private constructor(
    folder: string,
    plane: ControlPlane,
    nodes: Readonly<Record<NodeName, Vm>>,
    peer: Vm,
  ) {
    this.folder = folder;
    this.plane = plane;
    this.nodes = nodes;
    this.peer = peer;
    this.client = KubeClient.connect(plane.kubeconfig);
  }

  /** Starts the cluster in an empty network namespace. */
  static async start(say: (line: string) => void = () => {}): Promise<LabCluster> {
    const binaries = required("CLUSTER_BINARIES");
    const images = required("CLUSTER_IMAGES");
    const parent = process.env["ARTIFACTS"] ?? "/tmp";
    mkdirSync(parent, { recursive: true });
    const folder = mkdtempSync(join(parent, "cluster-"));
    network();
    const peer = Vm.boot(peerOptions(folder));
    const plane = await ControlPlane.start({ folder, binaries, address: addresses.host });
    say("the API server answers");
    for (const name of Object.keys(podNetworks) as NodeName[]) await nodeFiles(plane, name);
    await plane.pki.client("kube-proxy", "CN=system:kube-proxy", plane.server);
    const boot = (name: NodeName, processor: number) =>
      Vm.boot(nodeOptions(name, processor, { folder, binaries, images, pki: plane.pki.folder }));
    const nodes = { "node-a": boot("node-a", 0), "node-b": boot("node-b", 1) };
    const cluster = new LabCluster(folder, plane, nodes, peer);
    await peer.answers();
    for (const node of Object.values(nodes)) await node.answers();
    say("the machines are up");
    await cluster.ready();
    say("both nodes are ready");
    return cluster;
  }

  /** Runs kubectl as the administrator. */
  kubectl(...args: string[]): string {
    return this.#tool("kubectl", args);
  }

  /** Forwards a port of a pod or Deployment in the release's namespace. */
  forward(target: string, port: number): Promise<Forward> {
    return forward(this.tool("kubectl"), target, port);
  }

  /** Runs `kubectl ipman` as its user does: kubectl finds the program in $PATH. */
  plugin(...args: string[]): { readonly output: string; readonly status: number | null } {
    const { stdout, stderr, status } = spawnSync("kubectl", ["ipman", ...args], {
      env: this.userEnvironment,
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
    });
    return { output: stdout + stderr, status };
  }

  /** The environment of a user's shell: kubectl, its plugin, and a Node that is new enough for it. */
  get userEnvironment(): NodeJS.ProcessEnv {
    const { file, env } = this.tool("kubectl");
    const bin = join(import.meta.dirname, "../../bin");
    const folders = [bin, dirname(file), dirname(process.execPath), env["PATH"] ?? ""];
    return { ...env, PATH: folders.join(":") };
  }

  helm(...args: string[]): string {
    return this.#tool("helm", args);
  }

  /** Applies manifests by kubectl. */
  apply(...manifests: object[]): string {
    const file = join(this.folder, "apply.yaml");
    writeFileSync(file, yaml(...manifests));
    return this.kubectl("apply", "-f", file);
  }

  /** Creates an object and returns the server's version of it. */
  create(manifest: object, ...options: string[]): unknown {
    const file = join(this.folder, "create.yaml");
    writeFileSync(file, yaml(manifest));
    return JSON.parse(this.kubectl("create", "-f", file, "-o", "json", ...options)) as unknown;
  }

  /** Installs the chart with this run's images. */
  install(...options: string[]): string {
    return this.helm("install", ...this.#release, "--create-namespace", ...options);
  }

  /** Upgrades the chart with the same images and the given options only. */
  upgrade(...options: string[]): string {
    return this.helm("upgrade", ...this.#release, ...options);
  }

  get #release(): string[] {
    const tags = ["image.tag=dev", "charon.image.tag=dev", "charon.legacyImage.tag=dev"];
    const images = tags.flatMap((tag) => ["--set", tag]);
    // A shorter time than the default of 75 seconds, for the tests.
    const patience = ["--set", "controller.reservationSeconds=20"];
    return ["ipman", this.chart, "-n", "ipman-system", ...images, ...patience];
  }

  async ready(): Promise<void> {
    await eventually(
      async () => {
        const names: string[] = [];
        await this.client.list(resourceTypes.Node, {}, {}, (node) => {
          if (isReady(node)) names.push(node.metadata.name);
        });
        if (names.length < 2) throw new Error(`ready: ${names.join(", ") || "none"}`);
      },
      180_000,
      500,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#keepEvidence().catch(() => {});
    await this.client[Symbol.asyncDispose]();
    for (const vm of [this.peer, ...Object.values(this.nodes)]) await vm[Symbol.asyncDispose]();
    await this.plane[Symbol.asyncDispose]();
    ip("link del lab0");
  }

  /** Saves the objects, the events and the containers' logs. */
  async #keepEvidence(): Promise<void> {
    const kinds = "pods,services,deployments,ipsecconnections,charongroups,leases,configmaps";
    const objects = this.kubectl("get", kinds, "-A", "-o", "yaml");
    writeFileSync(join(this.folder, "objects.yaml"), objects);
    writeFileSync(join(this.folder, "events.txt"), this.kubectl("get", "events", "-A"));
    for (const [name, node] of Object.entries(this.nodes)) {
      await node.sh(`cp -rL /var/log/pods ${join(this.folder, name, "pods")}`);
    }
  }

  /** The path of a tool, and its environment. */
  tool(name: string): { readonly file: string; readonly env: NodeJS.ProcessEnv } {
    const env = { ...process.env, KUBECONFIG: this.plane.kubeconfig, HOME: this.folder };
    return { file: join(required("CLUSTER_BINARIES"), name), env };
  }

  #tool(name: string, args: string[]): string {
    const { file, env } = this.tool(name);
    try {
      return execFileSync(file, args, {
        env,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
        maxBuffer: 64 * 1024 * 1024,
      });
    } catch (error) {
      const { stderr, stdout } = error as { stderr: string; stdout: string };
      throw new Error(`${name} ${args.join(" ")}: ${stderr}${stdout}`, { cause: error });
    }
  }
}

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined)
    throw new Error(`${name} is not set: start this with lab/cluster/run.ts`);
  return value;
}

/** Creates the machines' bridge, and the routes between the nodes' pods through this namespace. */
function network(): void {
  ip("link set lo up");
  ip("link add lab0 type bridge");
  ip(`addr add ${addresses.host}/24 dev lab0`);
  ip("link set lab0 up");
  sh("sysctl", "-qw", "net.ipv4.ip_forward=1");
  ip(`route add ${podNetworks["node-a"]} via ${addresses.nodeA}`);
  ip(`route add ${podNetworks["node-b"]} via ${addresses.nodeB}`);
}

async function nodeFiles({ pki, server }: ControlPlane, name: NodeName): Promise<void> {
  await pki.server(name, [name, addressOf(name)]);
  // The files keep the server's pair, since the client's is in the kubeconfig.
  await pki.client(`${name}-kubelet`, `O=system:nodes,CN=system:node:${name}`, server);
}

function addressOf(name: NodeName): string {
  return name === "node-a" ? addresses.nodeA : addresses.nodeB;
}

interface NodeFolders {
  readonly folder: string;
  readonly binaries: string;
  readonly images: string;
  readonly pki: string;
}

function nodeOptions(name: NodeName, processor: number, folders: NodeFolders) {
  const variables = {
    NAME: name,
    ADDRESS: `${addressOf(name)}/24`,
    POD_NETWORK: podNetworks[name],
    GATEWAY: addresses.host,
    BINARIES: folders.binaries,
    PKI: folders.pki,
    IMAGES: folders.images,
    LOGS: join(folders.folder, name),
    KUBECONFIG: join(folders.pki, `${name}-kubelet.kubeconfig`),
  };
  return {
    name,
    processor,
    folder: folders.folder,
    memory: "4096M",
    address: addressOf(name),
    script: job(join(here, "node-init.sh"), variables),
  };
}

function peerOptions(folder: string) {
  const variables = { ADDRESS: `${addresses.peer}/24`, LOGS: join(folder, "peer") };
  return {
    name: "peer",
    processor: 1,
    folder,
    memory: "768M",
    address: addresses.peer,
    script: job(join(here, "peer-init.sh"), variables),
  };
}

function job(script: string, variables: Readonly<Record<string, string>>): string {
  const all = {
    ...variables,
    PATH: `${join(process.execPath, "..")}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    SHELL_SERVER: join(here, "shell-server.ts"),
  };
  const exports = Object.entries(all).map(([name, value]) => `export ${name}='${value}'`);
  return [...exports, `exec bash ${script}`].join("\n");
}

function isReady(node: KubeObject): boolean {
  const { conditions = [] } = (node as { status?: { conditions?: Condition[] } }).status ?? {};
  return conditions.some(({ type, status }) => type === "Ready" && status === "True");
}

interface Condition {
  readonly type: string;
  readonly status: string;
}
