/** Of the operations of RFC 6902 the one that is used. */
export interface PatchOperation {
  readonly op: "add";
  readonly path: string;
  readonly value: unknown;
}
