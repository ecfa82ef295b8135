/** An SA or a policy in the kernel. */
export interface KernelState {
  readonly kind: "sa" | "policy";
  readonly ifId: number;
  readonly reqid: number;
  /** The SPI of an SA; 0 for a policy. */
  readonly spi: number;
  /** Identifies the state for as long as the kernel does not replace it. */
  readonly id: string;
}

/** A trap policy, by charon's names. */
export interface Trap {
  readonly connection: string;
  /** The child's key. */
  readonly child: string;
}

/** The state that charon holds in the kernel, by its own lists. */
export interface HeldSas {
  readonly spis: ReadonlySet<number>;
  /** if_id and reqid of each CHILD SA: `102/1`. */
  readonly reqids: ReadonlySet<string>;
  /** The reqids of CHILD SAs in a state in which charon lists neither SPI nor if_id. */
  readonly hidden: ReadonlySet<number>;
  readonly traps: readonly Trap[];
}

/**
 * Whether charon does not hold a state of the kernel. An SA is known by its SPI; a policy has
 * none and is known by the CHILD SAs and traps that it may belong to.
 *
 * @param trapped the if_ids for which charon has trap policies
 */
export function isOrphaned(
  { kind, ifId, reqid, spi }: KernelState,
  held: HeldSas,
  trapped: ReadonlySet<number>,
): boolean {
  if (held.hidden.has(reqid)) return false;
  if (kind === "sa") return !held.spis.has(spi);
  return !held.reqids.has(`${ifId}/${reqid}`) && !trapped.has(ifId);
}
