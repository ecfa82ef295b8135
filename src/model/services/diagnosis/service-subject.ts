import { findChild, type Child, type Connection } from "../../api/connection.ts";
import type { Result } from "../../api/result.ts";
import type { ChildSa } from "../../charon/sa.ts";
import type { ConnectionStatusPart } from "../../kubernetes/connection-resource.ts";
import type { KubeObject } from "../../kubernetes/kube-object.ts";
import { annotation } from "../../kubernetes/labels.ts";
import { parseAddress, type Address } from "../../net/address.ts";
import type { ChildStatus } from "../../status/status.ts";
import { trimmedSlice, type EndpointSlice } from "../endpoint-slice.ts";
import type { ServiceObject } from "../service-object.ts";
import type { ServiceRequest } from "../service-request.ts";

/** The facts of a Service's diagnosis, as the API server and an agent report them. */
export interface ServiceDiagnosisFacts {
  readonly service: ServiceObject;
  /** The EndpointSlices of the Service, by any program. */
  readonly slices: readonly KubeObject[] | MissingFact;
  readonly connection: NamedConnection | MissingFact;
  /** The agent of the connection's active path. */
  readonly tunnel: ReportedTunnel | MissingFact;
  /** The last event that says why gateways do not forward the Service; undefined without one. */
  readonly refusal: string | undefined;
}

/** A fact that could not be read. */
interface MissingFact {
  /** Why not; undefined if the object does not exist. */
  readonly why: string | undefined;
}

/** The connection that a Service names. */
interface NamedConnection {
  /** Its manifest as it is now; charon may have an earlier one while it is invalid. */
  readonly manifest: Result<Connection>;
  readonly status: ConnectionStatusPart | undefined;
}

/** The child that a Service names, as its agent reports it. */
export interface ReportedTunnel {
  /** Undefined if the agent does not carry it, or does not know it. */
  readonly child: ChildStatus | undefined;
  /** Its CHILD SAs. */
  readonly sas: readonly ChildSa[];
}

/** A Service with a valid request, and the objects that the request names. */
export interface ServiceSubject {
  readonly facts: ServiceDiagnosisFacts;
  readonly request: ServiceRequest;
  readonly status: ConnectionStatusPart | undefined;
  /** Undefined if the child does not exist or could not be read. */
  readonly child: Child | undefined;
  /** The address that the partner sees; undefined while there is none. */
  readonly address: Address | undefined;
  /** Undefined if no agent reports the child. */
  readonly tunnel: ReportedTunnel | undefined;
}

/** Finds what a Service's request names. */
export function serviceSubject(
  facts: ServiceDiagnosisFacts,
  request: ServiceRequest,
): ServiceSubject {
  const { connection, tunnel } = facts;
  const known = "manifest" in connection ? connection : undefined;
  const child = known?.manifest.ok ? findChild(known.manifest.value, request.child) : undefined;
  return {
    facts,
    request,
    status: known?.status,
    child,
    address: parseAddress(addressText(facts, request) ?? ""),
    tunnel: "sas" in tunnel && tunnel.child !== undefined ? tunnel : undefined,
  };
}

/** Why the EndpointSlices could not be read; undefined if they were. */
export function whyNoSlices({ slices }: SliceFacts): string | undefined {
  return "why" in slices ? slices.why : undefined;
}

/** The EndpointSlices of the Service; none if they could not be read. */
export function slicesIn({ slices }: SliceFacts): readonly KubeObject[] {
  return "why" in slices ? [] : slices;
}

type SliceFacts = Pick<ServiceDiagnosisFacts, "slices">;

/** The EndpointSlices that ipman's operator wrote, or those of others. */
export function slicesBy(facts: SliceFacts, author: "ipman" | "others"): EndpointSlice[] {
  return slicesIn(facts)
    .map(trimmedSlice)
    .filter(({ isOwn }) => isOwn === (author === "ipman"));
}

function addressText(facts: ServiceDiagnosisFacts, { kind }: ServiceRequest): string | undefined {
  const { status } = facts.service;
  if (kind === "exposed") return status?.loadBalancer?.ingress?.[0]?.ip;
  const [own] = slicesBy(facts, "ipman");
  return own?.metadata.annotations?.[annotation.source];
}
