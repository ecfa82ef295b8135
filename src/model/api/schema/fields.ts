import { Type } from "typebox";

/** Refuses unknown fields. */
export const closed = { additionalProperties: false };

/** Options by their names in swanctl.conf. */
export const extra = (description: string) =>
  Type.Record(Type.String({ maxLength: 64 }), Type.String({ maxLength: 1024 }), {
    description,
    maxProperties: 64,
  });

/** A key of a Secret. */
export const secretRef = (description: string) =>
  Type.Object(
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
          "The key in the Secret. Surrounding white space is removed from text; the prefixes 0s and 0x mark base64 and hexadecimal digits, as in swanctl.conf. A value that is not text is used as bytes.",
      }),
    },
    { ...closed, description },
  );

/** The name of a node. */
export const nodeName = (description: string) => Type.String({ maxLength: 253, description });

/** The name of a CharonGroup. */
export const groupRef = (description: string) =>
  Type.Object(
    {
      name: Type.String({
        minLength: 1,
        maxLength: 253,
        description: "The name of the CharonGroup.",
      }),
      namespace: Type.String({
        minLength: 1,
        maxLength: 63,
        description: "The namespace of the CharonGroup.",
      }),
    },
    { ...closed, description },
  );
