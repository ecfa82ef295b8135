import { own } from "../../value/own.ts";
import { valuesOf, type CharonOption } from "./charon-option.ts";
import { childOptions } from "./child-options.ts";
import { connectionOptions } from "./connection-options.ts";
import { completedLifetimes } from "./lifetimes.ts";

/** The options in an `extra` of a manifest: name → value. */
export type ExtraOptions = Readonly<Record<string, string>>;

/** Options with lower-case names: ipman ignores their case, which charon 5.9.8 does not. */
export function canonicalExtra(extra: ExtraOptions): Record<string, string> {
  return Object.fromEntries(
    Object.entries(extra).map(([name, value]) => [name.toLowerCase(), value]),
  );
}

/** The options for charon in VICI's form. Unknown options are forwarded: charon may know them. */
export function connectionExtraMessage(extra: ExtraOptions): Record<string, string | string[]> {
  return extraMessage(connectionOptions, extra);
}

/** Like {@link connectionExtraMessage}, for a child, with the lifetimes that charon 5.9.8 lacks. */
export function childExtraMessage(extra: ExtraOptions): Record<string, string | string[]> {
  return { ...extraMessage(childOptions, extra), ...completedLifetimes(extra) };
}

function extraMessage(
  options: Readonly<Record<string, CharonOption>>,
  extra: ExtraOptions,
): Record<string, string | string[]> {
  const members = Object.entries(extra).flatMap(([name, value]): [string, string | string[]][] => {
    const option = own(options, name);
    if (option?.handled !== undefined) return [];
    return [[name, option?.list === true ? valuesOf(option, value) : value]];
  });
  return Object.fromEntries(members);
}
