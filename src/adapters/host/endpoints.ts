import { formatAddress, parseAddress, type Address } from "../../model/net/address.ts";
import type { Gateway, Worker } from "../../model/network/endpoint.ts";
import { formatPrefix, parsePrefix, type Prefix } from "../../model/net/prefix.ts";
import type { StateCodec } from "../files/state-file.ts";

/** A workload's namespace on this host: a worker with its path. */
export type HostWorker = Worker & { readonly netns: string };

/** The endpoints of this host. */
export interface HostEndpoints {
  readonly gateways: readonly Gateway[];
  readonly workers: readonly HostWorker[];
}

/** The format of the endpoints' file. */
export const endpointCodec: StateCodec<HostEndpoints> = {
  format,
  parse: (json) => ({
    gateways: listOf(json, "gateways").map(gatewayOf),
    workers: listOf(json, "workers").map(workerOf),
  }),
};

type AsText<T> = { [K in keyof T]: T[K] extends Address | Prefix ? string : T[K] };

interface EndpointsFile {
  readonly gateways: readonly AsText<Gateway>[];
  readonly workers: readonly AsText<HostWorker>[];
}

function format({ gateways, workers }: HostEndpoints): EndpointsFile {
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

type JsonObject = Readonly<Record<string, unknown>>;

function listOf(json: unknown, name: string): readonly JsonObject[] {
  const list: unknown = isEntry(json) ? json[name] : undefined;
  if (Array.isArray(list) && list.every(isEntry)) return list;
  throw new Error(`${name} is not a list of objects`);
}

function isEntry(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function gatewayOf(entry: JsonObject): Gateway {
  const { mtu } = entry;
  if (typeof mtu !== "number") throw new Error("the mtu of a gateway is not a number");
  return {
    ...textsOf(entry, "id", "connection", "child", "netns", "device"),
    mtu,
    ...underlay(entry),
  };
}

function workerOf(entry: JsonObject): HostWorker {
  const { address, ...texts } = textsOf(
    ...([entry, "id", "connection", "child", "netns", "pool", "address"] as const),
  );
  const prefix = parsePrefix(address);
  if (prefix === undefined)
    throw new Error(`the address "${address}" of a worker is not an address with a length`);
  // Versions without reservations wrote no such member.
  const reservation = textOf(entry, "reservation", "");
  return { ...texts, address: prefix, reservation, ...underlay(entry) };
}

function underlay(entry: JsonObject): { readonly underlay: Address } {
  const { underlay: text } = textsOf(entry, "underlay");
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`the underlay "${text}" is not an address`);
  return { underlay: address };
}

function textsOf<Name extends string>(entry: JsonObject, ...names: readonly Name[]) {
  const texts = names.map((name) => [name, textOf(entry, name)]);
  return Object.fromEntries(texts) as Record<Name, string>;
}

/** @param absent the value if an entry has no such member */
function textOf(entry: JsonObject, name: string, absent?: string): string {
  const value = entry[name] ?? absent;
  if (typeof value !== "string") throw new Error(`the ${name} of an endpoint is not a string`);
  return value;
}
