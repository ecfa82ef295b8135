import type { LimitFunction } from "p-limit";
import type { KubeClient } from "../../adapters/kubernetes/client/kube-client.ts";
import { resourceTypes } from "../../adapters/kubernetes/client/resource-type.ts";
import { apiVersion } from "../../model/api/schema/api-group.ts";
import type { ConnectionStatus, PathStatus } from "../../model/status/status.ts";
import { StatusWriter } from "../kubernetes/status-writer.ts";
import { statedPath, type AgentStatus, type StatedPath } from "./connection-status.ts";

export interface PathReporterOptions {
  readonly client: Pick<KubeClient, "apply">;
  /** The status of a connection in the API; undefined if the connection does not exist. */
  readonly statusInApi: (id: string) => Partial<AgentStatus> | undefined;
  /** The present status of a connection; undefined if it has no actor. */
  readonly shown: (id: string) => ConnectionStatus | undefined;
  /** Whether several groups have paths of a connection. */
  readonly isDivided: (id: string) => boolean;
  readonly writes: LimitFunction;
  readonly onTrouble: (error: unknown) => void;
}

/** Stands for an entry that is to be removed. */
const removed = "removed";

/**
 * Writes the entries of paths in the status of connections that several agents have paths of: each
 * agent those of its own paths. Every path has a field manager of its own, so that agents do not
 * remove each other's entries, and the one that leads can remove those of paths that are no longer
 * declared, whose agent may not exist any more, and correct those of agents whose node is gone.
 */
export class PathReporter implements Disposable {
  readonly #options: PathReporterOptions;
  readonly #writer: StatusWriter<StatedPath | typeof removed>;
  /** The entries of absent agents that this one wrote. */
  readonly #corrected = new Set<string>();

  constructor(options: PathReporterOptions) {
    this.#options = options;
    this.#writer = new StatusWriter({
      ...options,
      actual: (key) => this.#actual(refOf(key)),
      wanted: (key) => this.#wanted(refOf(key)),
      write: (key, entry) => this.#write(refOf(key), entry),
    });
  }

  /** Compares the entries of a connection. */
  compare(id: string): void {
    const { statusInApi, shown } = this.#options;
    const stated = statusInApi(id)?.paths ?? [];
    const present = shown(id)?.paths ?? [];
    for (const path of new Set([...stated, ...present].map(({ name }) => name)))
      this.#writer.compare(keyOf({ id, path }));
  }

  [Symbol.dispose](): void {
    this.#writer[Symbol.dispose]();
  }

  #actual({ id, path }: PathRef): unknown {
    const status = this.#options.statusInApi(id);
    if (status === undefined) return undefined;
    return status.paths?.find(({ name }) => name === path) ?? removed;
  }

  /** Undefined for an entry that is not this agent's to write. */
  #wanted(ref: PathRef): StatedPath | typeof removed | undefined {
    const status = this.#options.shown(ref.id);
    if (status === undefined) return undefined;
    const { leads, paths = [], problems } = status;
    if (problems.length > 0) return undefined;
    const path = paths.find(({ name }) => name === ref.path);
    if (path !== undefined) {
      if (leads === undefined) return this.#isLeft(ref) ? removed : undefined;
      return path.elsewhere === true && !this.#isToCorrect(ref, path, leads)
        ? undefined
        : statedPath(path);
    }
    // The paths are not known before the choice of one, and without an actor.
    const isOwner = this.#options.isDivided(ref.id) ? leads === true && paths.length > 0 : true;
    return isOwner ? removed : undefined;
  }

  /**
   * Whether this agent writes the entry of another one that is gone: once, since an agent that reports
   * nevertheless knows better.
   */
  #isToCorrect(ref: PathRef, { absent }: PathStatus, leads: boolean): boolean {
    const key = keyOf(ref);
    if (absent !== true) this.#corrected.delete(key);
    return absent === true && leads && !this.#corrected.has(key);
  }

  /**
   * Whether an entry has fields from the time when its connection had paths on several nodes: those that
   * were applied by the path's own field manager stay until it gives them up.
   */
  #isLeft({ id, path }: PathRef): boolean {
    const entries = this.#options.statusInApi(id)?.paths ?? [];
    return entries.some(({ name, node }) => name === path && node !== undefined);
  }

  async #write({ id, path }: PathRef, entry: StatedPath | typeof removed): Promise<void> {
    const status = entry === removed ? {} : { paths: [entry] };
    const object = { apiVersion, kind: "IPSecConnection", metadata: { name: id }, status };
    const manager = `ipman-agent-path-${path}`;
    await this.#options.client.apply(resourceTypes.IPSecConnection, object, manager, "status");
    const shown = this.#options.shown(id)?.paths?.find(({ name }) => name === path);
    if (shown?.absent === true) this.#corrected.add(keyOf({ id, path }));
  }
}

interface PathRef {
  readonly id: string;
  readonly path: string;
}

function keyOf({ id, path }: PathRef): string {
  return JSON.stringify({ id, path });
}

function refOf(key: string): PathRef {
  return JSON.parse(key) as PathRef;
}
