import { problemAt, type Problem } from "../../api/result.ts";
import { own } from "../../value/own.ts";
import { commonRange, everyVersion, type VersionRange } from "../proposals/charon-version.ts";
import { parseAction } from "./action.ts";
import { valuesOf, type CharonOption } from "./charon-option.ts";
import { childOptions } from "./child-options.ts";
import { connectionOptions } from "./connection-options.ts";
import type { ExtraOptions } from "./extra.ts";
import { parseDuration } from "./number-kinds.ts";
import type { ValueKind } from "./value-kind.ts";

/** The warnings of a connection's valid `extra`, which has lower-case names. */
export function connectionExtraWarnings(extra: ExtraOptions): Problem[] {
  return extraWarnings(connectionOptions, extra);
}

/** The warnings of a child's valid `extra`, which has lower-case names. */
export function childExtraWarnings(extra: ExtraOptions): Problem[] {
  return [
    ...extraWarnings(childOptions, extra),
    ...problemAt("inactivity", inactivityWarning(extra)),
  ];
}

function extraWarnings(
  options: Readonly<Record<string, CharonOption>>,
  extra: ExtraOptions,
): Problem[] {
  return Object.entries(extra).flatMap(([name, value]) => {
    const option = own(options, name);
    const warning =
      option === undefined
        ? "is not an option that ipman knows: a charon that does not know it rejects the connection"
        : optionWarning(option, value);
    return problemAt(name, warning);
  });
}

function optionWarning(option: CharonOption, value: string): string | undefined {
  const { kind, warning, handled } = option;
  const values = valuesOf(option, value);
  const mistake =
    warning?.(value) ??
    values.map((item) => kind.warning?.(item)).find((found) => found !== undefined);
  return (
    mistake ?? (handled === undefined ? versionWarning(kind, rangeOf(option, values)) : undefined)
  );
}

/** The versions of charon that accept an option with these values. */
function rangeOf({ kind, versions = everyVersion }: CharonOption, values: readonly string[]) {
  return commonRange([versions, ...values.flatMap((value) => kind.acceptedBy(value) ?? [])]);
}

function versionWarning(
  { otherwise = "rejects the connection" }: ValueKind,
  { since, before }: VersionRange,
): string | undefined {
  if (since !== undefined) return `needs charon ${since} or later: an older one ${otherwise}`;
  if (before !== undefined) return `needs charon before ${before}: a newer one ${otherwise}`;
  return undefined;
}

/** charon ends an inactive SA, and the actor of a child that initiates brings it up at once. */
function inactivityWarning(extra: ExtraOptions): string | undefined {
  const seconds = parseDuration(own(extra, "inactivity") ?? "") ?? 0;
  const isStarted = parseAction(own(extra, "start_action") ?? "start")?.start === true;
  if (seconds === 0 || !isStarted) return undefined;
  return "ends the SA, which ipman initiates again at once: add start_action: trap, or remove it";
}
