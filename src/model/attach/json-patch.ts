/** The only operation of RFC 6902 that ipman uses. */
export interface PatchOperation {
  readonly op: "add";
  readonly path: string;
  readonly value: unknown;
}
