import { Type } from "typebox";
import { apiVersion } from "./api-group.ts";
import { ObjectMeta } from "./object-meta.ts";

const cidr = { maxLength: 49 };
const closed = { additionalProperties: false };

const Extra = (description: string) =>
  Type.Record(Type.String({ maxLength: 64 }), Type.String({ maxLength: 1024 }), {
    description,
    maxProperties: 64,
  });

/** One child of a connection: a CHILD SA, its gateway and the addresses behind it. */
export const ChildSpec = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 63,
      description: "The child's name; workloads may name the child by it or by its map key.",
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
      description: "XFRM if_id of the tunnel and VNI of its VXLAN segment; unique on a node.",
    }),
    ip_pools: Type.Record(
      Type.String({ maxLength: 63 }),
      Type.Array(Type.String({ maxLength: 96 }), { maxItems: 1024 }),
      {
        maxProperties: 64,
        description:
          "Addresses for workloads, by pool: single ones (10.0.2.3/24) or ranges (10.0.2.3-10.0.2.99/24).",
      },
    ),
    extra: Type.Optional(Extra("Further options of a child, as swanctl.conf names them.")),
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
              description: "Seconds from one echo request to the next; 5, unless given.",
            }),
          ),
        },
        {
          ...closed,
          description: "Somebody behind the peer who is asked for answers; Reachable tells.",
        },
      ),
    ),
  },
  closed,
);

export type ChildSpec = Type.Static<typeof ChildSpec>;

export const IPSecConnectionSpec = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 63,
      description: "The connection's name in charon.",
    }),
    remoteAddr: Type.String({
      minLength: 1,
      maxLength: 253,
      description: "The peer's IKE address, or a DNS name that charon resolves.",
    }),
    localAddr: Type.String({
      maxLength: 253,
      description: "The local IKE address; empty or %any leaves the choice to the routes.",
    }),
    localId: Type.String({ minLength: 1, maxLength: 1024, description: "The local IKE identity." }),
    remoteId: Type.String({
      minLength: 1,
      maxLength: 1024,
      description: "The IKE identity that the peer must prove.",
    }),
    secretRef: Type.Object(
      {
        name: Type.String({ minLength: 1, maxLength: 253, description: "The Secret's name." }),
        namespace: Type.String({
          minLength: 1,
          maxLength: 63,
          description: "The Secret's namespace, one of the chart's secretNamespaces.",
        }),
        key: Type.String({
          minLength: 1,
          maxLength: 253,
          description:
            "The key in the Secret. Text loses its outer white space, and 0s begins base64, 0x hexadecimal digits, as in swanctl.conf; a value that is not text is used byte by byte.",
        }),
      },
      { ...closed, description: "The Secret and its key that hold the pre-shared key." },
    ),
    children: Type.Record(Type.String({ maxLength: 63 }), ChildSpec, {
      minProperties: 1,
      maxProperties: 64,
      description: "The tunnel's children by key.",
    }),
    extra: Type.Optional(Extra("Further options of the connection, as swanctl.conf names them.")),
    nodeName: Type.Optional(
      Type.String({
        maxLength: 253,
        description: "The node whose host network carries the tunnel; instead of groupRef.",
      }),
    ),
    groupRef: Type.Optional(
      Type.Object(
        {
          name: Type.String({ minLength: 1, maxLength: 253, description: "Its name." }),
          namespace: Type.String({ minLength: 1, maxLength: 63, description: "Its namespace." }),
        },
        { ...closed, description: "The CharonGroup that carries the tunnel; instead of nodeName." },
      ),
    ),
    allowedNamespaces: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 63 }), {
        maxItems: 256,
        description:
          "The namespaces whose pods may join. Without it any may, or none where the chart's requireAllowedNamespaces is true.",
      }),
    ),
  },
  closed,
);

export type IPSecConnectionSpec = Type.Static<typeof IPSecConnectionSpec>;

/** An IPSecConnection as users write it. */
export const IPSecConnection = Type.Object(
  {
    apiVersion: Type.Literal(apiVersion),
    kind: Type.Literal("IPSecConnection"),
    metadata: ObjectMeta,
    spec: IPSecConnectionSpec,
    status: Type.Optional(Type.Unknown()),
  },
  closed,
);

export type IPSecConnection = Type.Static<typeof IPSecConnection>;
