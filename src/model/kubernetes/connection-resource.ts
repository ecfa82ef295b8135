import type { StatedCondition } from "../status/condition.ts";
import type { KubeObject } from "./kube-object.ts";

/** An IPSecConnection as the API server has it, with the parts of its status that ipman reads. */
export interface ConnectionResource extends KubeObject {
  readonly status?: ConnectionStatusPart;
}

/** The parts of a connection's status that ipman reads. */
export interface ConnectionStatusPart {
  /** Addresses reserved for pods that do not exist yet: address → time of the reservation. */
  readonly pendingIps?: Readonly<Record<string, string>>;
  readonly xfrmGatewayIp?: Readonly<Record<string, string>>;
  readonly freeIps?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  /** The path that carries the traffic. */
  readonly activePath?: string;
  readonly paths?: readonly { readonly name: string; readonly state?: string }[];
  /** The node that carries the tunnel. */
  readonly node?: string;
  readonly conditions?: readonly StatedCondition[];
  readonly children?: readonly ReportedChild[];
}

/** The state of a child, as its agent reports it. */
export interface ReportedChild {
  readonly key: string;
  readonly state?: string;
  readonly mtu?: number;
  readonly conditions?: readonly StatedCondition[];
}
