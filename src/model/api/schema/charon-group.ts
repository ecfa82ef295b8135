import { Type } from "typebox";
import { apiVersion } from "./api-group.ts";
import { mostPaths } from "./ipsec-connection.ts";
import { ObjectMeta } from "./object-meta.ts";

const annotationsOf = (description: string) =>
  Type.Optional(
    Type.Record(Type.String({ maxLength: 317 }), Type.String({ maxLength: 4096 }), {
      maxProperties: 64,
      description,
    }),
  );

/** One of several words. */
const choice = <Word extends string>(words: readonly Word[], description: string) =>
  Type.Optional(Type.Unsafe<Word>({ type: "string", enum: [...words], description }));

export const CharonGroupSpec = Type.Object(
  {
    hostNetwork: Type.Boolean({ description: "Whether charon uses the node's network." }),
    nodeName: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 253,
        description: "The node that charon runs on. Use either nodeName or nodeNames.",
      }),
    ),
    nodeNames: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 253 }), {
        minItems: 2,
        maxItems: mostPaths,
        description:
          "Several nodes, the preferred one first, each with a charon of its own. A connection of the group that declares no paths has a path on each.",
      }),
    ),
    interfaceName: Type.Optional(
      Type.String({
        maxLength: 15,
        description: "The device that the xfrm interfaces are bound to; none by default.",
      }),
    ),
    charonImage: choice(
      ["default", "legacy"],
      "The charon that the group runs: default (strongSwan 6) or legacy (strongSwan 5.9, for peers that need it).",
    ),
    charonExtraAnnotations: annotationsOf(
      "Annotations of the charon pod, for example to attach further networks.",
    ),
    frontendServiceType: choice(
      ["", "ClusterIP", "NodePort", "LoadBalancer"],
      "The type of a Service that leads to charon's UDP ports 500 and 4500; none by default.",
    ),
    frontendServiceAnnotations: annotationsOf(
      "Annotations of that Service, for example for the cloud's load balancer.",
    ),
    frontendLoadBalancerIP: Type.Optional(
      Type.String({
        maxLength: 45,
        description:
          "The address that the load balancer is asked for, if the type is LoadBalancer; the cloud chooses one by default.",
      }),
    ),
    frontendExternalTrafficPolicy: choice(
      ["", "Local", "Cluster"],
      "The external traffic policy of the Service, unless its type is ClusterIP. Local, the default, keeps the peer's address; with Cluster, charon may see a node's address instead.",
    ),
  },
  { additionalProperties: false },
);

/** A charon and the node that it runs on, or one on each of several nodes. */
export const CharonGroup = Type.Object(
  {
    apiVersion: Type.Literal(apiVersion),
    kind: Type.Literal("CharonGroup"),
    metadata: ObjectMeta,
    spec: CharonGroupSpec,
    status: Type.Optional(Type.Unknown()),
  },
  { additionalProperties: false },
);

export type CharonGroup = Type.Static<typeof CharonGroup>;

export type CharonGroupSpec = CharonGroup["spec"];
