import { Type } from "typebox";
import { apiVersion } from "./api-group.ts";
import { ObjectMeta } from "./object-meta.ts";

export const CharonGroupSpec = Type.Object(
  {
    hostNetwork: Type.Boolean({ description: "Whether charon uses the node's network." }),
    nodeName: Type.String({
      minLength: 1,
      maxLength: 253,
      description: "The node that charon runs on.",
    }),
    interfaceName: Type.Optional(
      Type.String({
        maxLength: 15,
        description: "The device that the xfrm interfaces are bound to; none by default.",
      }),
    ),
    charonImage: Type.Optional(
      Type.Unsafe<"default" | "legacy">({
        type: "string",
        enum: ["default", "legacy"],
        description:
          "The charon that the group runs: default (strongSwan 6) or legacy (strongSwan 5.9, for peers that need it).",
      }),
    ),
    charonExtraAnnotations: Type.Optional(
      Type.Record(Type.String({ maxLength: 317 }), Type.String({ maxLength: 4096 }), {
        maxProperties: 64,
        description: "Annotations of the charon pod, for example to attach further networks.",
      }),
    ),
  },
  { additionalProperties: false },
);

/** A charon and the node that it runs on. */
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
