import { isSection, textIn, type Section } from "./section.ts";

/** An SA or a policy in the kernel, as far as it says whose it is. */
export interface KernelState {
  readonly kind: "sa" | "policy";
  readonly ifId: number;
  readonly reqid: number;
  /** Of an SA; 0 for a policy. */
  readonly spi: number;
  /** The same for one that is still what it was. */
  readonly id: string;
}

/** A trap policy, by the names that charon has for it. */
export interface Trap {
  readonly connection: string;
  /** The child's key. */
  readonly child: string;
}

/** What charon says that it holds in the kernel. */
export interface HeldSas {
  readonly spis: ReadonlySet<number>;
  /** if_id and reqid of each CHILD SA: `102/1`. */
  readonly reqids: ReadonlySet<string>;
  /** The reqids of CHILD SAs that are in a state in which charon shows neither SPI nor if_id. */
  readonly hidden: ReadonlySet<number>;
  readonly traps: readonly Trap[];
}

/**
 * What charon holds, by the messages of a complete `list-sas` and `list-policies`.
 *
 * Source: strongSwan, src/libcharon/plugins/vici/vici_query.c (list_child, raise_policy).
 */
export function heldSas(sas: readonly Section[], policies: readonly Section[]): HeldSas {
  const children = sas
    .flatMap((message) => Object.values(message).filter(isSection))
    .flatMap((ike) => (isSection(ike["child-sas"]) ? Object.values(ike["child-sas"]) : []))
    .filter(isSection);
  const shown = children.filter((child) => "spi-in" in child);
  return {
    spis: new Set(shown.flatMap(spisOf)),
    reqids: new Set(shown.flatMap(reqidsOf)),
    hidden: new Set(children.filter((child) => !shown.includes(child)).map(reqidOf)),
    traps: policies
      .flatMap((message) => Object.values(message).filter(isSection))
      .map((policy) => ({
        connection: textIn(policy, "ike") ?? "",
        child: textIn(policy, "child") ?? "",
      })),
  };
}

/**
 * Whether charon does not hold a state of the kernel: an SA by its SPI, a policy, which has
 * none, by the CHILD SAs and traps that it could belong to.
 *
 * @param trapped the if_ids that charon has trap policies of
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

/** Its two SPIs, and with IPComp its two CPIs, which the kernel has in the place of SPIs. */
function spisOf(child: Section): number[] {
  return ["spi-in", "spi-out", "cpi-in", "cpi-out"].flatMap((name) => {
    const text = textIn(child, name);
    return text === undefined ? [] : [Number.parseInt(text, 16)];
  });
}

function reqidsOf(child: Section): string[] {
  return ["if-id-in", "if-id-out"].flatMap((name) => {
    const text = textIn(child, name);
    return text === undefined ? [] : [`${Number.parseInt(text, 16)}/${reqidOf(child)}`];
  });
}

function reqidOf(child: Section): number {
  return Number(textIn(child, "reqid"));
}
