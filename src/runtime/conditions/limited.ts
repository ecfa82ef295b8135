import type { Condition } from "../../model/status/condition.ts";
import type { Failure } from "../../model/status/failure.ts";
import { noLimits, type PeerLimits } from "../../model/status/peer-limits.ts";

/** `PeerTakesLast` and `PeerKeepsOne`, for a peer that does not allow what was declared. */
export function limited({ takesLast, keepsOne }: PeerLimits = noLimits): Condition[] {
  return [...present("PeerTakesLast", takesLast), ...present("PeerKeepsOne", keepsOne)];
}

function present(type: "PeerTakesLast" | "PeerKeepsOne", known: Failure | undefined): Condition[] {
  if (known === undefined) return [];
  return [{ type, status: "True", reason: known.reason, message: known.message }];
}
