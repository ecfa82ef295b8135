import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { formatAddress, parseAddress, type Address } from "../../model/address.ts";
import type { Gateway, Worker } from "../../model/endpoint.ts";
import { formatPrefix, parsePrefix, type Prefix } from "../../model/prefix.ts";

/** A workload's namespace on this host. */
export type HostWorker = Worker & { readonly netns: string };

/** The endpoints of this host. */
export interface Endpoints {
  readonly gateways: readonly Gateway[];
  readonly workers: readonly HostWorker[];
}

/** The file from which a process that starts again learns what it had made. */
export class EndpointStore {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  read(): Endpoints {
    try {
      return parse(readFileSync(this.#path, "utf8"));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return { gateways: [], workers: [] };
      throw new Error(`${this.#path} cannot be read: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  /** Replaces the file as a whole: a reader never sees half of it. */
  write(endpoints: Endpoints): void {
    mkdirSync(dirname(this.#path), { recursive: true });
    const next = `${this.#path}.new`;
    writeFileSync(next, `${JSON.stringify(format(endpoints), null, 2)}\n`, { mode: 0o600 });
    renameSync(next, this.#path);
  }
}

type Written<T> = { [K in keyof T]: T[K] extends Address | Prefix ? string : T[K] };

interface File {
  readonly gateways: readonly Written<Gateway>[];
  readonly workers: readonly Written<HostWorker>[];
}

function format({ gateways, workers }: Endpoints): File {
  return {
    gateways: gateways.map((gateway) => ({
      ...gateway,
      underlay: formatAddress(gateway.underlay),
    })),
    workers: workers.map((worker) => ({
      ...worker,
      underlay: formatAddress(worker.underlay),
      address: formatPrefix(worker.address),
    })),
  };
}

function parse(text: string): Endpoints {
  const file = JSON.parse(text) as File;
  return {
    gateways: file.gateways.map((gateway) => ({
      ...gateway,
      underlay: parseAddress(gateway.underlay) as Address,
    })),
    workers: file.workers.map((worker) => ({
      ...worker,
      underlay: parseAddress(worker.underlay) as Address,
      address: parsePrefix(worker.address) as Prefix,
    })),
  };
}
