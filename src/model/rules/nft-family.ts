import type { Family } from "../net/address.ts";

/** nft's names of a family and of the type of its addresses. */
export function nftFamily(family: Family): { readonly name: string; readonly type: string } {
  return family === 4 ? { name: "ip", type: "ipv4_addr" } : { name: "ip6", type: "ipv6_addr" };
}
