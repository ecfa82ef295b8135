import type { Failure } from "../../model/status/failure.ts";

/** A refusal of the peer to rekey one of an actor's SAs. */
export interface RekeyRefusal {
  readonly failure: Failure;
  /** The unique ids of the SAs at that time. */
  readonly uniqueIds: readonly string[];
}

/** An SA by its unique id, which its successor does not have. */
type Sa = Readonly<Record<"uniqueId", string>>;

/** Notes a refusal; the same object while charon asks again and the peer answers the same. */
export function noteRefusal(
  failure: Failure,
  sas: readonly Sa[],
  before: RekeyRefusal | undefined,
): RekeyRefusal {
  const standing = standingRefusal(before, sas);
  if (before !== undefined && standing?.message === failure.message) return before;
  return { failure, uniqueIds: sas.map(({ uniqueId }) => uniqueId) };
}

/** The refusal, while one of the SAs of its time exists. */
export function standingRefusal(
  refusal: RekeyRefusal | undefined,
  sas: readonly Sa[],
): Failure | undefined {
  if (refusal === undefined) return undefined;
  return sas.some(({ uniqueId }) => refusal.uniqueIds.includes(uniqueId))
    ? refusal.failure
    : undefined;
}
