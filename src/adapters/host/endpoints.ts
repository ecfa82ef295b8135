import { formatAddress, parseAddress, type Address } from "../../model/address.ts";
import type { Gateway, Worker } from "../../model/endpoint.ts";
import { formatPrefix, parsePrefix, type Prefix } from "../../model/prefix.ts";
import type { StateCodec } from "./state-file.ts";

/** A workload's namespace on this host. */
export type HostWorker = Worker & { readonly netns: string };

/** The endpoints of this host. */
export interface Endpoints {
  readonly gateways: readonly Gateway[];
  readonly workers: readonly HostWorker[];
}

/** The endpoints in a file. */
export const endpointCodec: StateCodec<Endpoints> = {
  none: { gateways: [], workers: [] },
  format,
  parse: (json) => parse(json as File),
};

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

function parse(file: File): Endpoints {
  return {
    gateways: file.gateways.map((gateway) => ({
      ...gateway,
      underlay: parseAddress(gateway.underlay) as Address,
    })),
    workers: file.workers.map((worker) => ({
      ...worker,
      // A version without reservations may have written it.
      reservation: (worker as Partial<Written<HostWorker>>).reservation ?? "",
      underlay: parseAddress(worker.underlay) as Address,
      address: parsePrefix(worker.address) as Prefix,
    })),
  };
}
