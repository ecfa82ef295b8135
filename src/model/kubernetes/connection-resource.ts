import type { StatedCondition } from "../status/condition.ts";
import type { KubeObject } from "./kube-object.ts";

/** An IPSecConnection as the API server has it, with the parts of its status that are read. */
export interface ConnectionResource extends KubeObject {
  readonly status?: ConnectionStatusPart;
}

export interface ConnectionStatusPart {
  /** Reserved for pods that are about to be, a moment ago: address → when. */
  readonly pendingIps?: Readonly<Record<string, string>>;
  readonly xfrmGatewayIp?: Readonly<Record<string, string>>;
  readonly freeIps?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  /** The node that carries the tunnel. */
  readonly node?: string;
  readonly conditions?: readonly StatedCondition[];
  readonly children?: readonly { readonly key: string; readonly mtu?: number }[];
}
