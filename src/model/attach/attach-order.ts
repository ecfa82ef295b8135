import { formatAddress, parseAddress, type Address } from "../net/address.ts";
import { seedCount } from "../network/announcement.ts";
import { formatPrefix, parsePrefix, type Prefix } from "../net/prefix.ts";
import { outsideOf } from "../network/tunnel-routes.ts";
import type { WorkerFacts } from "../network/worker-plan.ts";

/** The instructions for `ipman attach` in a pod; it finds the facts about the pod by itself. */
export type AttachOrder = Omit<
  WorkerFacts,
  "device" | "deviceMtu" | "underlay" | "node" | "ownRoutes"
>;

/** The environment variable with the init container's instructions. */
export const attachVariable = "IPMAN_ATTACH";

/** The environment variable with the address of the pod's node, set once the pod has a node. */
export const nodeVariable = "IPMAN_NODE";

/** Writes an order as JSON: short, since every pod contains it, and legible in the pod. */
export function writeOrder(order: AttachOrder): string {
  const { connection, child, worker, gatewayUnderlay, tunnelMtu, vxlanPort } = order;
  return JSON.stringify({
    connection: connection.id,
    child: child.key,
    interfaceId: child.ifId,
    address: formatPrefix(worker.address),
    mac: worker.mac,
    gatewayMac: worker.gatewayMac,
    seeds: worker.seeds,
    gateway: formatPrefix(child.xfrmIp),
    vtep: formatAddress(gatewayUnderlay),
    routes: child.routes.map(formatPrefix),
    outside: outsideOf(child).map(formatPrefix),
    tunnelMtu,
    vxlanPort,
  });
}

/** Reads what {@link writeOrder} wrote. @throws Error that names the member at fault */
export function readOrder(text: string): AttachOrder {
  const members = new Members(text);
  return {
    connection: { id: members.read("connection", textOf) },
    child: {
      key: members.read("child", textOf),
      ifId: members.read("interfaceId", countOf),
      xfrmIp: members.read("gateway", prefixOf),
      routes: members.read("routes", prefixesOf),
      unrouted: members.read("outside", prefixesOf).map((network) => ({ network, why: "outside" })),
    },
    worker: {
      address: members.read("address", prefixOf),
      mac: members.read("mac", macFrom),
      gatewayMac: members.read("gatewayMac", macFrom),
      seeds: members.read("seeds", seedsFrom),
    },
    gatewayUnderlay: members.read("vtep", addressOf),
    tunnelMtu: members.read("tunnelMtu", countOf),
    vxlanPort: members.read("vxlanPort", countOf),
  };
}

/** Members that only the worker and its gateway may know: their values stay out of errors. */
const secret: ReadonlySet<string> = new Set(["mac", "gatewayMac", "seeds"]);

class Members {
  readonly #all: Readonly<Record<string, unknown>>;

  constructor(text: string) {
    this.#all = parsed(text);
  }

  read<T>(name: string, as: (value: unknown) => T | undefined): T {
    const value = as(this.#all[name]);
    if (value === undefined) {
      const found = secret.has(name) ? "invalid" : JSON.stringify(this.#all[name]);
      throw broken(`${name} is ${found}`);
    }
    return value;
  }
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return { ...value };
  } catch {
    // The same error as for JSON that is not an object.
  }
  throw broken("the value is not a JSON object");
}

function broken(what: string): Error {
  return new Error(
    `${attachVariable}: ${what}; the operator's webhook writes it when a pod is created`,
  );
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function countOf(value: unknown): number | undefined {
  return Number.isSafeInteger(value) ? (value as number) : undefined;
}

function macFrom(value: unknown): string | undefined {
  const text = textOf(value) ?? "";
  return /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(text) ? text : undefined;
}

function seedsFrom(value: unknown): readonly number[] | undefined {
  if (!Array.isArray(value) || value.length !== seedCount) return undefined;
  const isSeed = (seed: unknown) => Number.isInteger(seed) && (seed as number) >>> 0 === seed;
  return value.every(isSeed) ? (value as number[]) : undefined;
}

function addressOf(value: unknown): Address | undefined {
  return parseAddress(textOf(value) ?? "");
}

function prefixOf(value: unknown): Prefix | undefined {
  return parsePrefix(textOf(value) ?? "");
}

function prefixesOf(value: unknown): readonly Prefix[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const prefixes = value.map(prefixOf);
  return prefixes.every((prefix) => prefix !== undefined) ? prefixes : undefined;
}
