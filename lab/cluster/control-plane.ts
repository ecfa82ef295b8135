import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { KubeClient } from "../../src/adapters/kubernetes/client/kube-client.ts";
import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import { end, eventually, start } from "../sites/shell.ts";
import { Pki } from "./pki.ts";

export interface ControlPlaneOptions {
  /** The folder of data, logs and certificates. */
  readonly folder: string;
  /** The folder with the binaries that build.sh built. */
  readonly binaries: string;
  /** The address at which nodes and pods reach the API server. */
  readonly address: string;
}

const etcdUrl = "http://127.0.0.1:2379";
const serviceNetwork = "10.96.0.0/16";
export const firstService = "10.96.0.1";
const port = 6443;
const startMs = 90_000;

/** A real control plane: etcd, API server, controller manager and scheduler, as processes. */
export class ControlPlane implements AsyncDisposable {
  readonly #options: ControlPlaneOptions;
  readonly pki: Pki;
  /** In memory, so that a slow disk does not affect the results. */
  readonly #etcd = mkdtempSync("/dev/shm/ipman-etcd-");
  readonly #processes = new Map<string, ChildProcess>();

  private constructor(options: ControlPlaneOptions, pki: Pki) {
    this.#options = options;
    this.pki = pki;
  }

  static async start(options: ControlPlaneOptions): Promise<ControlPlane> {
    const folder = join(options.folder, "pki");
    const plane = new ControlPlane(options, await Pki.make(folder));
    await plane.#certificates();
    plane.#startEtcd();
    plane.startApiServer();
    await plane.answers();
    plane.startControllers();
    return plane;
  }

  get server(): string {
    return `https://${this.#options.address}:${port}`;
  }

  /** The kubeconfig of the cluster's administrator. */
  get kubeconfig(): string {
    return join(this.pki.folder, "admin.kubeconfig");
  }

  /** Resolves when the API server serves. */
  async answers(): Promise<void> {
    await using client = KubeClient.connect(this.kubeconfig);
    const look = () => client.get(resourceTypes.Secret, { namespace: "kube-system", name: "none" });
    await eventually(
      async () => {
        const error = await look().catch((error: unknown) => error as { code?: string });
        if (!("code" in error) || error.code !== "not-found")
          throw new Error("not yet", { cause: error });
      },
      startMs,
      250,
    );
  }

  startApiServer(): void {
    const pki = (name: string) => join(this.pki.folder, name);
    this.#run("kube-apiserver", [
      `--etcd-servers=${etcdUrl}`,
      `--advertise-address=${this.#options.address}`,
      `--secure-port=${port}`,
      `--tls-cert-file=${pki("apiserver.crt")}`,
      `--tls-private-key-file=${pki("apiserver.key")}`,
      `--client-ca-file=${pki("ca.crt")}`,
      `--kubelet-client-certificate=${pki("kubelet-client.crt")}`,
      `--kubelet-client-key=${pki("kubelet-client.key")}`,
      "--kubelet-preferred-address-types=InternalIP",
      `--service-account-key-file=${pki("accounts.pub")}`,
      `--service-account-signing-key-file=${pki("accounts.key")}`,
      "--service-account-issuer=https://kubernetes.default.svc",
      `--service-cluster-ip-range=${serviceNetwork}`,
      "--authorization-mode=Node,RBAC",
      "--enable-admission-plugins=NodeRestriction",
      // Webhooks are reached at their pods: no kube-proxy serves this network namespace.
      "--enable-aggregator-routing=true",
      "--allow-privileged=true",
      "--profiling=false",
    ]);
  }

  /** The controller manager and the scheduler. */
  startControllers(): void {
    const config = (name: string) => `--kubeconfig=${join(this.pki.folder, name)}.kubeconfig`;
    this.#run("kube-controller-manager", [
      config("kube-controller-manager"),
      `--service-account-private-key-file=${join(this.pki.folder, "accounts.key")}`,
      `--root-ca-file=${join(this.pki.folder, "ca.crt")}`,
      "--use-service-account-credentials=true",
      "--leader-elect=false",
      // A lost node is noticed within the time limits of the tests.
      "--node-monitor-period=2s",
      "--node-monitor-grace-period=16s",
    ]);
    this.#run("kube-scheduler", [config("kube-scheduler"), "--leader-elect=false"]);
  }

  /** Stops the controllers, so that only the programs under test change objects. */
  async stopControllers(): Promise<void> {
    await this.stop("kube-controller-manager");
    await this.stop("kube-scheduler");
  }

  /** Compacts etcd to the current revision. */
  async compact(): Promise<void> {
    const call = async (path: string, body: object) => {
      const response = await fetch(`${etcdUrl}/v3/kv/${path}`, {
        method: "POST",
        body: JSON.stringify(body),
      });
      return (await response.json()) as { header: { revision: string } };
    };
    const key = Buffer.from("none").toString("base64");
    const { header } = await call("range", { key });
    await call("compaction", { revision: header.revision, physical: true });
  }

  /** The id of a running process of the control plane. */
  pidOf(name: string): number {
    const pid = this.#processes.get(name)?.pid;
    if (pid === undefined) throw new Error(`${name} does not run`);
    return pid;
  }

  /** Ends a process, such as `kube-apiserver`. */
  async stop(name: string, signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const process = this.#processes.get(name);
    this.#processes.delete(name);
    if (process !== undefined) await end(process, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of [...this.#processes.keys()].toReversed()) await this.stop(name);
    rmSync(this.#etcd, { recursive: true });
  }

  async #certificates(): Promise<void> {
    const { address } = this.#options;
    const names = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "localhost"];
    await this.pki.server("apiserver", [...names, address, firstService, "127.0.0.1"]);
    await this.pki.client("admin", "O=system:masters,CN=admin", this.server);
    await this.pki.client("kubelet-client", "O=system:masters,CN=apiserver", this.server);
    for (const name of ["kube-controller-manager", "kube-scheduler"]) {
      await this.pki.client(name, `CN=system:${name}`, this.server);
    }
  }

  #startEtcd(): void {
    this.#run(
      "etcd",
      [
        `--data-dir=${this.#etcd}`,
        `--listen-client-urls=${etcdUrl}`,
        `--advertise-client-urls=${etcdUrl}`,
        "--listen-peer-urls=http://127.0.0.1:2380",
      ],
      "etcd",
    );
  }

  #run(name: string, args: string[], program = join(this.#options.binaries, name)): void {
    this.#processes.set(name, start(join(this.#options.folder, `${name}.log`), program, args));
  }
}
