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
  /**
   * Reservations ended because of pods up to this version: a replica may allocate only after it
   * has seen the pods up to it.
   */
  readonly podsVersion?: string;
  /** Why the ConfigMap cannot be read. */
  readonly problem?: string;
}

/** A change of a connection's reservations. */
export interface ReservationChange {
  /** Reserves free addresses: address → id of the reservation. */
  readonly reserve?: Readonly<Record<string, string>>;
  /** Ends reservations: address → id. A reservation of the address by another id stays. */
  readonly end?: Readonly<Record<string, string>>;
  /** The version up to which the pods were seen. */
  readonly podsVersion?: string;
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
  const { apiVersion, kind, metadata, data = {} }: ConfigMap = withoutManagedFields(object);
  const connection = metadata.annotations?.[annotation.connection] ?? "";
  const { podsVersion } = data;
  const pending = readPending(data["pendingIps"] ?? "{}");
  const isOfName = metadata.name === reservationsName(connection);
  const problem = isOfName ? problemOfData(pending, podsVersion) : problemOfName;
  return {
    apiVersion,
    kind,
    metadata,
    connection,
    pending: pending ?? {},
    ...(podsVersion !== undefined && { podsVersion }),
    ...(problem !== undefined && { problem }),
  };
}

/** The ConfigMap of a connection's reservations, with a line for each address. */
export function reservationsConfigMap(reservations: ConnectionReservations): ConfigMap {
  const { apiVersion, kind, metadata, pending, podsVersion } = reservations;
  const data = {
    pendingIps: JSON.stringify(pending, undefined, 1),
    ...(podsVersion !== undefined && { podsVersion }),
  };
  return { apiVersion, kind, metadata, data };
}

/** @returns the reservations after a change; undefined if the change has no effect */
export function changedReservations(
  reservations: ConnectionReservations,
  { reserve = {}, end = {}, podsVersion = reservations.podsVersion }: ReservationChange,
): ConnectionReservations | undefined {
  const isEnded = ([address, reservationId]: [string, string]) =>
    own(end, address) === reservationId;
  const kept = Object.entries(reservations.pending).filter((entry) => !isEnded(entry));
  const reserved = Object.entries(reserve);
  const isUnchanged = kept.length === Object.keys(reservations.pending).length;
  if (reserved.length === 0 && isUnchanged) return undefined;
  const pending = Object.fromEntries([...kept, ...reserved]);
  return { ...reservations, pending, ...(podsVersion !== undefined && { podsVersion }) };
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

const problemOfName = `metadata.annotations: ${annotation.connection} does not match the ConfigMap's name`;

function problemOfData(pending: unknown, podsVersion = "0"): string | undefined {
  if (pending === undefined) return "data.pendingIps is not a JSON object of strings";
  return /^\d+$/.test(podsVersion)
    ? undefined
    : `data.podsVersion "${podsVersion}" is not a number`;
}
