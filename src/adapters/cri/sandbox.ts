import { existsSync } from "node:fs";
import { Client, credentials } from "@grpc/grpc-js";
import { decodeSandboxes, decodeStatus, encodeFilter, encodeStatusRequest } from "./messages.ts";

/** The sockets of container runtimes, below the node's /run. */
const sockets = [
  "containerd/containerd.sock",
  "crio/crio.sock",
  "k3s/containerd/containerd.sock",
  "cri-dockerd.sock",
];

const answerMs = 5_000;

/** A client of the node's container runtime, at its CRI socket. */
export class ContainerRuntime implements Disposable {
  readonly #client: Client;

  /**
   * Finds the node's container runtime; undefined if there is none.
   *
   * @param runFolder the node's /run as this process sees it
   */
  static find(runFolder: string): ContainerRuntime | undefined {
    const path = sockets.map((name) => `${runFolder}/${name}`).find((name) => existsSync(name));
    return path === undefined ? undefined : new ContainerRuntime(path);
  }

  private constructor(path: string) {
    this.#client = new Client(`unix://${path}`, credentials.createInsecure());
  }

  /** Finds the process that holds the namespaces of a pod's sandbox; undefined if there is none. */
  async sandboxPid(podUid: string): Promise<number | undefined> {
    const filter = encodeFilter({ "io.kubernetes.pod.uid": podUid });
    const [id] = decodeSandboxes(await this.#call("ListPodSandbox", filter));
    if (id === undefined) return undefined;
    const info = decodeStatus(await this.#call("PodSandboxStatus", encodeStatusRequest(id)));
    const { pid } = JSON.parse(info ?? "{}") as { pid?: number };
    return pid === undefined || pid === 0 ? undefined : pid;
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  #call(method: string, request: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        `/runtime.v1.RuntimeService/${method}`,
        (message: Buffer) => message,
        (message: Buffer) => message,
        request,
        { deadline: Date.now() + answerMs },
        (error, answer) =>
          error === null && answer !== undefined ? resolve(answer) : reject(error),
      );
    });
  }
}
