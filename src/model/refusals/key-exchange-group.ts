/**
 * The keyword in a proposal of a key exchange group that charon's log names: `modp2048` for
 * `MODP_2048`, `modp2048s256` for `MODP_2048_256`, `ecp256bp` for `ECP_256_BP`.
 *
 * Source: strongSwan, src/libstrongswan/crypto/key_exchange.c.
 */
export function keywordOfGroup(name: string): string {
  return name
    .replace(/^MODP_(\d+)_(\d+)$/, "MODP$1S$2")
    .replaceAll("_", "")
    .toLowerCase();
}
