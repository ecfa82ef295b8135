import { Protocol } from "../../../src/adapters/linux/constants.ts";
import { NetlinkError } from "../../../src/adapters/linux/errors.ts";
import { sysctlName, type Sysctls } from "../../../src/adapters/linux/sysctls.ts";
import type { NetlinkMessage } from "../../../src/adapters/netlink/reader.ts";
import type { Kernel } from "../../../src/adapters/network/kernel.ts";
import type { NftRunner } from "../../../src/adapters/nftables/libnftables.ts";
import { answerFilter } from "./filter-answers.ts";
import { answerTracking, trackingSubsystem } from "./tracking-answers.ts";
import { SimulatedNamespace } from "./namespace.ts";
import { runCommands } from "./nft.ts";
import { requestText } from "./request-text.ts";
import { answerRoute } from "./route-answers.ts";
import { SimulatedTransport, type Answer } from "./transport.ts";

/** A function that a test runs before the kernel handles a request. */
export type BeforeRequest = (request: string) => void;

/**
 * A kernel with network namespaces for the kinds of requests that ipman sends. The contracts
 * `simulated-kernel.scenario.ts` and `simulated-plans.scenario.ts` compare it with a real one.
 */
export class SimulatedKernel implements Kernel {
  readonly netlink = new SimulatedTransport((request, { namespace, protocol }) =>
    this.#answer(request, this.namespace(namespace), protocol),
  );
  readonly nft: NftRunner = {
    run: (op, path, commands) => {
      const namespace = this.namespace(path);
      this.#log.push(
        ...commands.split("\n").map((line) => `${namespace.name}: nft ${line}`.trimEnd()),
      );
      namespace.tables = new Map(runCommands(op, namespace.tables, commands));
    },
    check: (op, path, commands) => void runCommands(op, this.namespace(path).tables, commands),
  };
  readonly sysctls: Sysctls = {
    read: (path, names) => {
      const { sysctls } = this.namespace(path);
      return new Map([...sysctls].filter(([name]) => names.includes(name)));
    },
    write: (path, settings) => {
      const { name: namespace, sysctls } = this.namespace(path);
      for (const [name, value] of settings) {
        this.#log.push(`${namespace}: sysctl ${sysctlName(name)}=${value}`);
        sysctls.set(name, value);
      }
    },
  };
  /** Runs before each request, so that a test can change the state meanwhile. */
  before: BeforeRequest = () => {};
  readonly #namespaces = new Map<string, SimulatedNamespace>();
  readonly #refusals: { pattern: RegExp; answer: Answer }[] = [];
  #log: string[] = [];

  /** Creates a namespace with a loopback device. */
  create(path: string): SimulatedNamespace {
    const namespace = new SimulatedNamespace(path);
    this.#namespaces.set(path, namespace);
    return namespace;
  }

  /** Removes a namespace, as the kernel does after its last process. */
  remove(path: string): void {
    this.#namespaces.delete(path);
  }

  /**
   * Finds a namespace by its path.
   *
   * @throws {NetlinkError} ENOENT if there is none, as on a real kernel
   */
  namespace(path: string | undefined): SimulatedNamespace {
    const namespace = this.#namespaces.get(path ?? "host");
    if (namespace === undefined) throw new NetlinkError(`open ${path}`, 2);
    return namespace;
  }

  /** Refuses the requests whose text matches. */
  refuse(pattern: RegExp, code: string, text = ""): void {
    this.#refusals.push({ pattern, answer: { code, text } });
  }

  /** Refuses no more requests. */
  acceptAll(): void {
    this.#refusals.length = 0;
  }

  /** Returns the requests that changed something or tried to, a line each, since the last call. */
  requests(): string {
    const lines = this.#log;
    this.#log = [];
    return lines.join("\n");
  }

  #answer(request: NetlinkMessage, namespace: SimulatedNamespace, protocol: number): Answer {
    if (protocol === Protocol.netfilter) {
      const isTracking = request.type >> 8 === trackingSubsystem;
      return (isTracking ? answerTracking : answerFilter)(request, namespace);
    }
    const text = requestText(request, namespace, (fd) => this.#byDescriptor(fd)?.name);
    if (text !== undefined) {
      this.before(text);
      this.#log.push(`${namespace.name}: ${text}`);
      const refusal = this.#refusals.find(({ pattern }) => pattern.test(text));
      if (refusal !== undefined) return refusal.answer;
    }
    return answerRoute(request, namespace, {
      namespaces: () => this.#namespaces.values(),
      byDescriptor: (fd) => this.#byDescriptor(fd),
    });
  }

  #byDescriptor(fd: number): SimulatedNamespace | undefined {
    const { descriptors } = this.netlink;
    return descriptors.has(fd) ? this.namespace(descriptors.get(fd)) : undefined;
  }
}
