import { nameFor } from "../api/group.ts";
import {
  withoutManagedFields,
  type KubeObject,
  type OwnerReference,
} from "../kubernetes/kube-object.ts";
import { annotation, label, manager } from "../kubernetes/labels.ts";
import { own } from "../value/own.ts";

/** The reservations of one connection's addresses, as a ConfigMap of its own has them. */
export interface ConnectionReservations extends KubeObject {
  /** The connection's name. */
  readonly connection: string;
  /** Reserved for pods that are about to be: address → its reservationId. */
  readonly pending: Readonly<Record<string, string>>;
  /**
   * Reservations were ended because of pods up to this version: who allocates must have
   * seen as many.
   */
  readonly podsVersion?: string;
  /** Why it cannot be read. */
  readonly problem?: string;
}

/** A change of the addresses that are reserved. */
export interface ReservationChange {
  /** Free ones: address → its reservationId. */
  readonly reserve?: Readonly<Record<string, string>>;
  /** Address → the reservationId that it has: another's reservation of it stays. */
  readonly end?: Readonly<Record<string, string>>;
  /** The pods up to this version were seen. */
  readonly podsVersion?: string;
}

type ConfigMap = KubeObject & { readonly data?: Readonly<Record<string, string>> };

/** Where they are kept, and what they go with. */
export interface ReservationsPlace {
  readonly namespace: string;
  readonly owner: OwnerReference | undefined;
}

const type = "reservations";

/** Every reservations, and nothing else. */
export const reservationsSelector = `${label.type}=${type},${label.managedBy}=${manager}`;

/** The reservations of a connection for whose addresses nobody asked before. */
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

/** Reads a ConfigMap; what others may have made of it is a problem of the reservations's. */
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

/** As it is written: a line for each address. */
export function reservationsConfigMap(reservations: ConnectionReservations): ConfigMap {
  const { apiVersion, kind, metadata, pending, podsVersion } = reservations;
  const data = {
    pendingIps: JSON.stringify(pending, undefined, 1),
    ...(podsVersion !== undefined && { podsVersion }),
  };
  return { apiVersion, kind, metadata, data };
}

/** @returns the reservations with a change; undefined where nothing changes */
export function changedReservations(
  reservations: ConnectionReservations,
  { reserve = {}, end = {}, podsVersion = reservations.podsVersion }: ReservationChange,
): ConnectionReservations | undefined {
  const isOver = ([address, reservationId]: [string, string]) =>
    own(end, address) === reservationId;
  const kept = Object.entries(reservations.pending).filter((entry) => !isOver(entry));
  const reserved = Object.entries(reserve);
  if (reserved.length === 0 && kept.length === Object.keys(reservations.pending).length)
    return undefined;
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

const problemOfName = `metadata.annotations: ${annotation.connection} is not that of its name`;

function problemOfData(pending: unknown, podsVersion = "0"): string | undefined {
  if (pending === undefined) return `data.pendingIps is no JSON object of texts`;
  return /^\d+$/.test(podsVersion) ? undefined : `data.podsVersion "${podsVersion}" is no number`;
}
