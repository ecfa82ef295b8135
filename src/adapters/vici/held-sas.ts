import type { Message } from "vici-client";
import type { HeldSas } from "../../model/charon/held-sas.ts";
import { sectionIn, sectionsIn, textIn } from "./section.ts";

/**
 * The state that charon holds in the kernel, from the messages of a complete `list-sas` and a
 * complete `list-policies`.
 *
 * Source: strongSwan, src/libcharon/plugins/vici/vici_query.c (list_child, raise_policy).
 */
export function heldSasIn(sas: readonly Message[], policies: readonly Message[]): HeldSas {
  const children = sas
    .flatMap(sectionsIn)
    .flatMap((ike) => sectionsIn(sectionIn(ike, "child-sas")));
  const shown = children.filter((child) => "spi-in" in child);
  return {
    spis: new Set(shown.flatMap(spisOf)),
    reqids: new Set(shown.flatMap(reqidsOf)),
    hidden: new Set(children.filter((child) => !("spi-in" in child)).map(reqidOf)),
    traps: policies.flatMap(sectionsIn).map((policy) => ({
      connection: textIn(policy, "ike") ?? "",
      child: textIn(policy, "child") ?? "",
    })),
  };
}

/** Both SPIs; with IPComp also both CPIs, which the kernel stores in the place of SPIs. */
function spisOf(child: Message): number[] {
  return ["spi-in", "spi-out", "cpi-in", "cpi-out"].flatMap((name) => {
    const text = textIn(child, name);
    return text === undefined ? [] : [Number.parseInt(text, 16)];
  });
}

function reqidsOf(child: Message): string[] {
  return ["if-id-in", "if-id-out"].flatMap((name) => {
    const text = textIn(child, name);
    return text === undefined ? [] : [`${Number.parseInt(text, 16)}/${reqidOf(child)}`];
  });
}

function reqidOf(child: Message): number {
  return Number(textIn(child, "reqid"));
}
