import { formatAddress, parseAddress } from "./address.ts";
import { formatPrefix, parsePrefix } from "./prefix.ts";
import type { WorkerFacts } from "./worker-plan.ts";

/** What `ipman attach` needs inside a pod; the device it finds by itself. */
export type AttachOrder = Omit<WorkerFacts, "device" | "deviceMtu">;

/** Where the init container finds its order. */
export const attachVariable = "IPMAN_ATTACH";

/** As JSON that is short, since every pod carries it, and tells who reads the pod. */
export function writeOrder(order: AttachOrder): string {
  const { connection, child, worker, gatewayUnderlay, tunnelMtu, vxlanPort } = order;
  return JSON.stringify({
    connection: connection.id,
    child: child.key,
    interfaceId: child.ifId,
    address: formatPrefix(worker.address),
    gateway: formatPrefix(child.xfrmIp),
    vtep: formatAddress(gatewayUnderlay),
    remoteIps: child.remoteSelectors.map(formatPrefix),
    tunnelMtu,
    vxlanPort,
  });
}

/** What {@link writeOrder} wrote; throws what is wrong with it. */
export function readOrder(text: string): AttachOrder {
  const members = new Members(text);
  const remoteSelectors = members.read("remoteIps", (value) =>
    Array.isArray(value) ? allOf(value.map(prefixOf)) : undefined,
  );
  return {
    connection: { id: members.read("connection", textOf) },
    child: {
      key: members.read("child", textOf),
      ifId: members.read("interfaceId", countOf),
      xfrmIp: members.read("gateway", prefixOf),
      remoteSelectors,
    },
    worker: { address: members.read("address", prefixOf) },
    gatewayUnderlay: members.read("vtep", (value) => parseAddress(textOf(value) ?? "")),
    tunnelMtu: members.read("tunnelMtu", countOf),
    vxlanPort: members.read("vxlanPort", countOf),
  };
}

class Members {
  readonly #all: Readonly<Record<string, unknown>>;

  constructor(text: string) {
    this.#all = parsed(text);
  }

  read<T>(name: string, as: (value: unknown) => T | undefined): T {
    const value = as(this.#all[name]);
    if (value === undefined) throw broken(`its ${name} is ${JSON.stringify(this.#all[name])}`);
    return value;
  }
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return { ...value };
  } catch {
    // As it is with what is JSON, but no object.
  }
  throw broken("it is no JSON object");
}

function broken(what: string): Error {
  return new Error(
    `${attachVariable}: ${what}; the operator's webhook writes it when a pod is made`,
  );
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function countOf(value: unknown): number | undefined {
  return Number.isSafeInteger(value) ? (value as number) : undefined;
}

function prefixOf(value: unknown) {
  return parsePrefix(textOf(value) ?? "");
}

function allOf<T>(values: readonly (T | undefined)[]): readonly T[] | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === values.length ? known : undefined;
}
