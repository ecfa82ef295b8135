import { Type } from "typebox";
import { apiVersion } from "./api-group.ts";
import { ChildSpec } from "./child.ts";
import { closed, extra, groupRef, nodeName, secretRef } from "./fields.ts";
import { ObjectMeta } from "./object-meta.ts";

const cidr = { maxLength: 49 };

/** The maximum number of paths of a connection. */
export const mostPaths = 8;

/**
 * The SAs that a path has while another one is active: an IKE SA without a CHILD SA (`warm`), also
 * CHILD SAs (`hot`), or none (`cold`).
 */
export type Standby = "warm" | "hot" | "cold";

/** One of several paths of a connection. */
export const PathSpec = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 40,
      description:
        "The path's name. The path named main keeps the SAs of a connection that had one path.",
    }),
    remoteAddr: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 253,
        description: "The peer's IKE address by this path, or a DNS name that charon resolves.",
      }),
    ),
    remoteId: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1024,
        description: "The IKE identity that the peer must prove by this path.",
      }),
    ),
    localAddr: Type.Optional(
      Type.String({
        maxLength: 253,
        description: "The local IKE address of this path. Empty or %any lets routing decide.",
      }),
    ),
    localId: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1024,
        description: "The local IKE identity of this path.",
      }),
    ),
    secretRef: Type.Optional(
      secretRef("The Secret, and the key in it, that hold the pre-shared key of this path."),
    ),
    nodeName: Type.Optional(
      nodeName(
        "The node whose host network carries this path; with groupRef, the node of a CharonGroup with several. Without both, the path is on the node of the connection.",
      ),
    ),
    groupRef: Type.Optional(
      groupRef(
        "The CharonGroup that carries this path; if it has several nodes, nodeName names one of them. Without groupRef and nodeName, the path is on the node of the connection.",
      ),
    ),
    standby: Type.Optional(
      Type.Unsafe<Standby>({
        type: "string",
        enum: ["warm", "hot", "cold"],
        description:
          "The SAs of this path while another one is active: an IKE SA without CHILD SAs (warm, the default), CHILD SAs as well (hot), or none (cold, the default if only the peer can dial: the start_action of every child is none, or remoteAddr is not a single host; and with floatingAddr). Use hot only if the peer chooses the tunnel for its answers by routing.",
      }),
    ),
    extra: Type.Optional(
      extra("Options of this path, which replace those of the connection with the same names."),
    ),
  },
  closed,
);

export type PathSpec = Type.Static<typeof PathSpec>;

export const FailoverSpec = Type.Object(
  {
    holdSeconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 86_400,
        description:
          "Seconds after which the traffic returns to a preferred path. The time doubles each time the path is lost again. The default is 300.",
      }),
    ),
    failback: Type.Optional(
      Type.Unsafe<"planned" | "never">({
        type: "string",
        enum: ["planned", "never"],
        description:
          "Whether the traffic returns to a preferred path by itself once that path is up (planned, the default) or only by a command or if the active path is lost (never).",
      }),
    ),
    probeMilliseconds: Type.Optional(
      Type.Integer({
        minimum: 100,
        maximum: 60_000,
        description:
          "Milliseconds between two echo requests of a child's probe, in place of its intervalSeconds. The default is 300.",
      }),
    ),
    floatingAddr: Type.Optional(
      Type.String({
        ...cidr,
        description:
          "One address for the peer, with the prefix length of its network, as in 203.0.113.5/24: the localAddr of all paths. The node of the active path has it, and no other node. The paths have to be on several nodes, and stand by cold.",
      }),
    ),
    floatingInterface: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 15,
        description:
          "The interface of each node that gets floatingAddr. The default is the one with an address of the same network.",
      }),
    ),
  },
  { ...closed, description: "How the active path is chosen." },
);

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
      description:
        "The peer's IKE address, or a DNS name that charon resolves. For a peer without a fixed address, which then has to initiate: %any, a network (192.0.2.0/24) or a range (192.0.2.1-192.0.2.9).",
    }),
    localAddr: Type.String({
      maxLength: 253,
      description: "The local IKE address. Empty or %any lets routing decide.",
    }),
    localId: Type.String({
      minLength: 1,
      maxLength: 1024,
      description: "The local IKE identity. White space around it is removed.",
    }),
    remoteId: Type.String({
      minLength: 1,
      maxLength: 1024,
      description: "The IKE identity that the peer must prove. White space around it is removed.",
    }),
    secretRef: secretRef("The Secret, and the key in it, that hold the pre-shared key."),
    children: Type.Record(Type.String({ maxLength: 63 }), ChildSpec, {
      minProperties: 1,
      maxProperties: 64,
      description: "The children of the connection by key.",
    }),
    extra: Type.Optional(
      extra("Further options of the connection, by their names in swanctl.conf."),
    ),
    paths: Type.Optional(
      Type.Array(PathSpec, {
        minItems: 1,
        maxItems: mostPaths,
        description:
          "Paths to the peer, the preferred one first, such as two gateways of a partner. One is active and carries the traffic; if it is lost, the next one takes over. Each field of a path replaces the connection's. Without paths, a CharonGroup with nodeNames makes one on each of its nodes.",
      }),
    ),
    failover: Type.Optional(FailoverSpec),
    nodeName: Type.Optional(
      nodeName(
        "The node whose host network carries the tunnel. Use either nodeName or groupRef; neither is needed if each path has one of them.",
      ),
    ),
    groupRef: Type.Optional(
      groupRef(
        "The CharonGroup that carries the tunnel. Use either groupRef or nodeName; neither is needed if each path has one of them.",
      ),
    ),
    allowedNamespaces: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 63 }), {
        maxItems: 256,
        description:
          "The namespaces whose pods may join. Without it, pods of every namespace may join, or none if the chart's requireAllowedNamespaces is true.",
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
