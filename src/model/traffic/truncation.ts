import type { Child } from "../api/connection.ts";
import type { ChildSa } from "../charon/sa.ts";

/**
 * The remedy if the two sides may truncate the checksums of HMAC-SHA-256 to different lengths: to
 * 128 bits by RFC 4868, or to 96 bits, as some peers on Linux do. IKE does not negotiate the
 * length. Undefined for a CHILD SA with another algorithm.
 */
export function truncationRemedy(
  { extra }: Pick<Child, "extra">,
  sas: readonly Pick<ChildSa, "integrity">[],
): string | undefined {
  // charon prints the negotiated algorithm, whatever `sha256_96` is.
  if (!sas.some(({ integrity }) => integrity === "HMAC_SHA2_256_128")) return undefined;
  return extra["sha256_96"] === "yes"
    ? "remove `sha256_96: yes` from the child's `extra`, unless the peer truncates SHA-256 to 96 bits"
    : "set `sha256_96: yes` in the child's `extra` if the peer truncates SHA-256 to 96 bits, as OpenIKED on Linux does";
}
