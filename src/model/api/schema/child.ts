import { Type } from "typebox";
import { closed, extra } from "./fields.ts";
import { NatSpec } from "./nat.ts";

const cidr = { maxLength: 49 };

/** How a child's networks become CHILD SAs. */
export type SelectorMode = "automatic" | "together" | "perPair";

/** One child of a connection: a CHILD SA, its gateway and its address pools. */
export const ChildSpec = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 63,
      description: "The child's name. Workloads refer to the child by this name or by its map key.",
    }),
    local_ips: Type.Optional(
      Type.Array(Type.String(cidr), {
        maxItems: 64,
        description: "Local traffic selectors: the networks that the peer may reach.",
      }),
    ),
    remote_ips: Type.Optional(
      Type.Array(Type.String(cidr), {
        maxItems: 64,
        description: "Remote traffic selectors: the networks behind the peer.",
      }),
    ),
    routes: Type.Optional(
      Type.Array(Type.String(cidr), {
        maxItems: 64,
        description:
          "The networks that workloads and the gateway send into the tunnel, all of them in remote_ips. The default is remote_ips, except for networks wider than /8 such as 0.0.0.0/0.",
      }),
    ),
    selectorMode: Type.Optional(
      Type.Unsafe<SelectorMode>({
        type: "string",
        enum: ["automatic", "together", "perPair"],
        description:
          "Whether one CHILD SA has all networks (together) or each pair of a network in local_ips and one in remote_ips has a CHILD SA of its own (perPair), as gateways require that accept one pair per CHILD SA. By default (automatic), ipman begins with one CHILD SA and changes to pairs if the peer accepts only one.",
      }),
    ),
    xfrm_ip: Type.String({
      ...cidr,
      description: "Address and prefix length of the gateway's xfrm interface.",
    }),
    vxlan_ip: Type.String({
      ...cidr,
      description: "Address and prefix length of the gateway's VXLAN device.",
    }),
    if_id: Type.Integer({
      minimum: 1,
      maximum: 0xffffff,
      description:
        "XFRM if_id of the tunnel and VNI of its VXLAN segment. It must be unique on a node.",
    }),
    ip_pools: Type.Record(
      Type.String({ maxLength: 63 }),
      Type.Array(Type.String({ maxLength: 96 }), { maxItems: 1024 }),
      {
        maxProperties: 64,
        description:
          "Addresses for workloads, by pool: single addresses (10.0.2.3/24) or ranges (10.0.2.3-10.0.2.99/24).",
      },
    ),
    nat: Type.Optional(NatSpec),
    extra: Type.Optional(extra("Further options of the child, by their names in swanctl.conf.")),
    probe: Type.Optional(
      Type.Object(
        {
          address: Type.String({
            maxLength: 45,
            description: "An address in remote_ips that answers ICMP echo requests.",
          }),
          intervalSeconds: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: 3600,
              description: "Seconds between two echo requests. The default is 5.",
            }),
          ),
        },
        {
          ...closed,
          description:
            "Pings an address behind the peer; the condition Reachable reports the result.",
        },
      ),
    ),
  },
  closed,
);

export type ChildSpec = Type.Static<typeof ChildSpec>;
