import { formatAddress, parseAddress, type Address } from "../net/address.ts";
import { seedCount } from "../network/announcement.ts";
import { formatPrefix, parsePrefix, type Prefix } from "../net/prefix.ts";
import { outsideOf } from "../network/tunnel-routes.ts";
import type { WorkerFacts } from "../network/worker-plan.ts";

/** One attachment for `ipman attach` in a pod; it finds the facts about the pod by itself. */
export type AttachOrder = Omit<
  WorkerFacts,
  "device" | "deviceMtu" | "underlay" | "others" | "ownRoutes"
>;

/** The environment variable with the init container's instructions. */
export const attachVariable = "IPMAN_ATTACH";

/** The environment variable with the address of the pod's node, set once the pod has a node. */
export const nodeVariable = "IPMAN_NODE";

/**
 * Writes the orders of a pod as JSON: short, since every pod contains it, and legible in the pod.
 * A single order is an object, as in pods that join one child; several are a list.
 */
export function writeOrders(orders: readonly AttachOrder[]): string {
  const written = orders.map(membersOf);
  return JSON.stringify(written.length === 1 ? written[0] : written);
}

/** Reads what {@link writeOrders} wrote. @throws Error that names the member at fault */
export function readOrders(text: string): readonly AttachOrder[] {
  const value = parsed(text);
  if (!Array.isArray(value)) return [readOrder(new Members(value, ""))];
  return value.map((order: unknown, i) => readOrder(new Members(order, `[${i}]`)));
}

function membersOf(order: AttachOrder) {
  const { connection, child, worker, gatewayUnderlay, tunnelMtu, vxlanPort } = order;
  return {
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
    ...(order.severalGateways === true && { severalGateways: true }),
  };
}

function readOrder(members: Members): AttachOrder {
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
    ...(members.read("severalGateways", flagOf) && { severalGateways: true }),
  };
}

/** Members that only the worker and its gateway may know: their values stay out of errors. */
const secret: ReadonlySet<string> = new Set(["mac", "gatewayMac", "seeds"]);

class Members {
  readonly #all: Readonly<Record<string, unknown>>;
  readonly #at: string;

  /** @param at the place of the order in the list, `[1]`; empty for a single order */
  constructor(order: unknown, at: string) {
    if (typeof order !== "object" || order === null || Array.isArray(order))
      throw broken(`${at === "" ? "the value" : at} is not a JSON object`);
    this.#all = { ...order };
    this.#at = at;
  }

  read<T>(name: string, as: (value: unknown) => T | undefined): T {
    const value = as(this.#all[name]);
    if (value === undefined) {
      const found = secret.has(name) ? "invalid" : JSON.stringify(this.#all[name]);
      const member = this.#at === "" ? name : `${this.#at}.${name}`;
      throw broken(`${member} is ${found}`);
    }
    return value;
  }
}

/** Undefined for text that is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
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

/** False for a member that is missing, as in orders of earlier versions. */
function flagOf(value: unknown): boolean | undefined {
  return value === undefined || typeof value === "boolean" ? value === true : undefined;
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
