import type { ChildRef } from "../../model/api/child-ref.ts";
import type { StateCodec } from "../files/state-file.ts";

/** A child that was declared once, and what its SAs in the kernel are known by. */
export interface KnownChild extends ChildRef {
  readonly ifId: number;
}

/** Children in a file. */
export const knownChildrenCodec: StateCodec<readonly KnownChild[]> = {
  none: [],
  format: (children) => children,
  parse: (json) => {
    if (Array.isArray(json) && json.every(isKnownChild)) return json;
    throw new Error("it is no list of children with their if_ids");
  },
};

function isKnownChild(value: unknown): value is KnownChild {
  const { connection, child, ifId } = (value ?? {}) as Partial<KnownChild>;
  return typeof connection === "string" && typeof child === "string" && Number.isInteger(ifId);
}
