import { Type } from "typebox";
import { ObjectMeta } from "./object-meta.ts";

/** The part of a v1 Secret that ipman reads: `data` is base64, `stringData` is plain. */
export const Secret = Type.Object(
  {
    apiVersion: Type.Literal("v1"),
    kind: Type.Literal("Secret"),
    metadata: ObjectMeta,
    data: Type.Optional(Type.Record(Type.String(), Type.String())),
    stringData: Type.Optional(Type.Record(Type.String(), Type.String())),
  },
  { additionalProperties: true },
);

export type Secret = Type.Static<typeof Secret>;
