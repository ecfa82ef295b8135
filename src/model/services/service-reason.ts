/** Why a Service is ready or not: reasons of its condition and of its events. */
export type ServiceReason =
  | "Ready"
  | "InvalidService"
  | "NotAvailable"
  | "UnknownPool"
  | "FamilyMismatch"
  | "HostNotRouted"
  | "PoolExhausted"
  | "TooManyServices"
  | "AddressTaken"
  | "GatewayPortsExhausted"
  | "GatewayNotRunning"
  | "TunnelDown"
  | "PeerUnreachable";

/** The reasons that come and go with the tunnel, and that no author of a Service can change. */
export const tunnelReasons: ReadonlySet<ServiceReason> = new Set<ServiceReason>([
  "GatewayNotRunning",
  "TunnelDown",
  "PeerUnreachable",
]);

/** A reason for which a Service is not ready, with a message for its author. */
export interface ServiceProblem {
  readonly ok: false;
  readonly reason: ServiceReason;
  readonly message: string;
}

/** Makes a problem of a Service. */
export function serviceProblem(reason: ServiceReason, message: string): ServiceProblem {
  return { ok: false, reason, message };
}
