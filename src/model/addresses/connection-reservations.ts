import { isDeepStrictEqual } from "node:util";
import { nameFor } from "../api/group.ts";
import {
  withoutManagedFields,
  type KubeObject,
  type OwnerReference,
} from "../kubernetes/kube-object.ts";
import { annotation, label, manager } from "../kubernetes/labels.ts";
import { own } from "../value/own.ts";

/** The reservations of one connection's addresses, which are stored in a ConfigMap of their own. */
export interface ConnectionReservations extends KubeObject {
  /** The connection's name. */
  readonly connection: string;
  /** Reserved for pods that do not exist yet: address → id of the reservation. */
  readonly pending: Readonly<Record<string, string>>;
  /** The Services that have an address, in the order in which they got it; absent if none has. */
  readonly services?: ServiceAddresses;
  /**
   * Reservations ended because of pods up to this version: a replica may allocate only after it
   * has seen the pods up to it.
   */
  readonly podsVersion?: string;
  /** Why the addresses of Services cannot be read: they count as lost, and Services show them. */
  readonly servicesProblem?: string;
  /** Why the ConfigMap cannot be read. */
  readonly problem?: string;
}

/** A Service that has an address. */
export interface ServiceOwner {
  /** `namespace/name`. */
  readonly service: string;
  readonly uid: string;
}

/**
 * The most Services of a connection that get addresses: those of so many fit into an annotation, for which
 * the API has 256 KiB.
 */
export const mostServices = 1_000;

/** The Services that have addresses: address → Services, of which several may share one. */
export type ServiceAddresses = Readonly<Record<string, readonly ServiceOwner[]>>;

/** A change of a connection's reservations. */
export interface ReservationChange {
  /** Reserves free addresses: address → id of the reservation. */
  readonly reserve?: Readonly<Record<string, string>>;
  /** Ends reservations: address → id. A reservation of the address by another id stays. */
  readonly end?: Readonly<Record<string, string>>;
  /** The version up to which the pods were seen. */
  readonly podsVersion?: string;
  /** Replaces the addresses of Services. */
  readonly services?: ServiceAddresses;
}

type ConfigMap = KubeObject & { readonly data?: Readonly<Record<string, string>> };

/** The namespace in which the ConfigMaps are stored, and the object that owns them. */
export interface ReservationsPlace {
  readonly namespace: string;
  readonly owner: OwnerReference | undefined;
}

const type = "reservations";

/** Selects the ConfigMaps with reservations, and no others. */
export const reservationsSelector = `${label.type}=${type},${label.managedBy}=${manager}`;

/** The reservations of a connection that has no ConfigMap yet. */
export function emptyReservations(
  connection: string,
  { namespace, owner }: ReservationsPlace,
): ConnectionReservations {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: reservationsName(connection),
      namespace,
      labels: { [label.managedBy]: manager, [label.type]: type },
      annotations: { [annotation.connection]: connection },
      ...(owner && { ownerReferences: [owner] }),
    },
    connection,
    pending: {},
  };
}

/** The name of a connection's ConfigMap. */
export function reservationsName(connection: string): string {
  return nameFor(type, connection);
}

/** Reads a ConfigMap; content that another program broke becomes its `problem`. */
export function readReservations(object: KubeObject): ConnectionReservations {
  const { apiVersion, kind, metadata: stored, data = {} }: ConfigMap = withoutManagedFields(object);
  const { [annotation.services]: text = "{}", ...annotations } = stored.annotations ?? {};
  const metadata = { ...stored, annotations };
  const connection = annotations[annotation.connection] ?? "";
  const { podsVersion } = data;
  const pending = readPending(data["pendingIps"] ?? "{}");
  const services = readServices(text);
  const isOfName = metadata.name === reservationsName(connection);
  const problem = isOfName ? problemOfData(pending, podsVersion) : problemOfName;
  return {
    apiVersion,
    kind,
    metadata,
    connection,
    pending: pending ?? {},
    ...(services !== undefined && Object.keys(services).length > 0 && { services }),
    ...(services === undefined && { servicesProblem: problemOfServices }),
    ...(podsVersion !== undefined && { podsVersion }),
    ...(problem !== undefined && { problem }),
  };
}

/**
 * The ConfigMap of a connection's reservations, with a line for each address of a pod. The addresses of
 * Services are an annotation: versions of ipman that do not know them write the data, and keep the metadata.
 */
export function reservationsConfigMap(reservations: ConnectionReservations): ConfigMap {
  const { apiVersion, kind, metadata, pending, services, podsVersion } = reservations;
  const data = {
    pendingIps: JSON.stringify(pending, undefined, 1),
    ...(podsVersion !== undefined && { podsVersion }),
  };
  if (services === undefined) return { apiVersion, kind, metadata, data };
  const annotations = { ...metadata.annotations, [annotation.services]: JSON.stringify(services) };
  return { apiVersion, kind, metadata: { ...metadata, annotations }, data };
}

/** @returns the reservations after a change; undefined if the change has no effect */
export function changedReservations(
  reservations: ConnectionReservations,
  { reserve = {}, end = {}, podsVersion = reservations.podsVersion, services }: ReservationChange,
): ConnectionReservations | undefined {
  const isEnded = ([address, reservationId]: [string, string]) =>
    own(end, address) === reservationId;
  const { services: before = {}, servicesProblem: _, ...rest } = reservations;
  const after = services ?? before;
  const kept = Object.entries(rest.pending).filter((entry) => !isEnded(entry));
  const reserved = Object.entries(reserve);
  const isSame = kept.length === Object.keys(rest.pending).length;
  if (reserved.length === 0 && isSame && isDeepStrictEqual(before, after)) return undefined;
  const pending = Object.fromEntries([...kept, ...reserved]);
  return {
    ...rest,
    pending,
    ...(Object.keys(after).length > 0 && { services: after }),
    ...(podsVersion !== undefined && { podsVersion }),
  };
}

function readPending(text: string): Readonly<Record<string, string>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecordOfTexts(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecordOfTexts(value: unknown): value is Record<string, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((member) => typeof member === "string");
}

function readServices(text: string): ServiceAddresses | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isServiceAddresses(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isServiceAddresses(value: unknown): value is ServiceAddresses {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((owners) => Array.isArray(owners) && owners.every(isOwner));
}

function isOwner(value: unknown): value is ServiceOwner {
  if (typeof value !== "object" || value === null) return false;
  const { service, uid } = value as Readonly<Record<string, unknown>>;
  return typeof service === "string" && typeof uid === "string";
}

const problemOfName = `metadata.annotations: ${annotation.connection} does not match the ConfigMap's name`;

const problemOfServices = `metadata.annotations: ${annotation.services} is not a JSON object of lists with service and uid`;

function problemOfData(pending: unknown, podsVersion = "0"): string | undefined {
  if (pending === undefined) return "data.pendingIps is not a JSON object of strings";
  return /^\d+$/.test(podsVersion)
    ? undefined
    : `data.podsVersion "${podsVersion}" is not a number`;
}
