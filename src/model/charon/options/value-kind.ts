import { own } from "../../value/own.ts";
import { everyVersion, type VersionRange } from "../proposals/charon-version.ts";

/** A kind of values of charon's options. */
export interface ValueKind {
  readonly name: string;
  /** The versions of charon that accept a value; undefined if all reject it. */
  readonly acceptedBy: (text: string) => VersionRange | undefined;
  /** Why ipman refuses a value; it accepts no value that every charon rejects. */
  readonly problem: (text: string) => string | undefined;
  /** Why an accepted value is likely a mistake. */
  readonly warning?: (text: string) => string | undefined;
  /** The values of an enumeration. */
  readonly words?: readonly string[];
  /** The reaction of a charon that does not know a value, if it does not reject the connection. */
  readonly otherwise?: string;
}

/** The parts of a kind whose error is one sentence. */
interface KindParts {
  readonly name: string;
  readonly acceptedBy: ValueKind["acceptedBy"];
  /** Whether a value that charon accepts has the form that ipman accepts; without it, any has. */
  readonly isPlain?: (text: string) => boolean;
  /** The end of the error `"x" …`. */
  readonly remedy: (text: string) => string;
  readonly words?: readonly string[];
}

/** A kind whose values are printable ASCII, as charon requires of most. */
export function kindOf({ acceptedBy, remedy, isPlain, ...rest }: KindParts): ValueKind {
  const accepted = ifPrintable(acceptedBy);
  return {
    ...rest,
    acceptedBy: accepted,
    problem: (text) =>
      accepted(text) !== undefined && isPlain?.(text) !== false
        ? undefined
        : `"${text}" ${remedy(text)}`,
  };
}

/** Rejects text that is not printable ASCII, as charon does first. */
export function ifPrintable(acceptedBy: ValueKind["acceptedBy"]): ValueKind["acceptedBy"] {
  return (text) => (/^[ -~]*$/.test(text) ? acceptedBy(text) : undefined);
}

/** Every version if the condition holds, else none. */
export function ifTrue(isAccepted: boolean): VersionRange | undefined {
  return isAccepted ? everyVersion : undefined;
}

/**
 * One of several words. charon ignores their case.
 *
 * @param words each with the versions that accept it
 * @param offered the words to name in an error; without them, all
 */
export function oneOf(
  words: Readonly<Record<string, VersionRange>>,
  offered: readonly string[] = Object.keys(words),
): ValueKind {
  return kindOf({
    name: offered.map((word) => `\`${word}\``).join(", "),
    acceptedBy: (text) => own(words, text.toLowerCase()),
    remedy: () => `is not allowed: use ${offered.join(" or ")}`,
    words: Object.keys(words),
  });
}

/** Words that every version accepts. */
export function always(...words: readonly string[]): Record<string, VersionRange> {
  return Object.fromEntries(words.map((word) => [word, everyVersion]));
}

const trueWords = ["yes", "true", "enabled", "1"];

/** A flag. Source: strongSwan, src/libcharon/plugins/vici/vici_config.c, `parse_bool`. */
export const flag: ValueKind = {
  ...oneOf(always(...trueWords, "no", "false", "disabled", "0"), ["yes", "no"]),
  name: "flag: `yes`, `no`",
};

/** Whether the value of a flag sets it. */
export function isTrue(text: string): boolean {
  return trueWords.includes(text.toLowerCase());
}
