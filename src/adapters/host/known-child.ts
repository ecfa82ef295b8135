import type { ChildRef } from "../../model/api/child-ref.ts";
import type { StateCodec } from "../files/state-file.ts";

/** A child that is or was declared, with the if_id that identifies its SAs in the kernel. */
export interface KnownChild extends ChildRef {
  readonly ifId: number;
}

/** The format of the children's file. */
export const knownChildrenCodec: StateCodec<readonly KnownChild[]> = {
  format: (children) => children,
  parse: (json) => {
    if (Array.isArray(json) && json.every(isKnownChild)) return json;
    throw new Error("it is not a list of children with their if_ids");
  },
};

function isKnownChild(value: unknown): value is KnownChild {
  const { connection, child, ifId } = (value ?? {}) as Partial<KnownChild>;
  return typeof connection === "string" && typeof child === "string" && Number.isInteger(ifId);
}
