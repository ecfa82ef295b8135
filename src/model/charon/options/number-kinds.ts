import { ifTrue, kindOf, type ValueKind } from "./value-kind.ts";

/** charon copies a number into a buffer, which cuts a longer one. */
const longestNumber = 15;

/** The text behind the number at its start, as C's strtoul reads it: a missing number is 0. */
export function afterNumber(text: string, base: "any" | "binary" = "any"): string {
  const pattern = base === "any" ? /^ *[+-]?(?:0x[\da-f]+|0[0-7]*|[1-9]\d*)/i : /^ *[+-]?[01]+/;
  return text.slice(pattern.exec(text)?.[0].length ?? 0);
}

const durationUnits: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["s", 1],
  ["m", 60],
  ["h", 3_600],
  ["d", 86_400],
]);

const byteUnits: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["k", 2 ** 10],
  ["m", 2 ** 20],
  ["g", 2 ** 30],
]);

/**
 * An amount with a unit. ipman accepts it in decimal without leading zeros, since charon reads 010
 * as 8, -1 as a large number and an empty text as 0.
 */
function amountWith(
  units: ReadonlyMap<string, number>,
  mostDigits: number,
): (text: string) => number | undefined {
  return (text) => {
    const [, digits, unit = ""] = /^(0|[1-9]\d*) *([a-z]?)$/i.exec(text) ?? [];
    const size = units.get(unit.toLowerCase());
    const most = unit === "" ? mostDigits : 9;
    if (digits === undefined || digits.length > most || text.length > longestNumber) {
      return undefined;
    }
    return size === undefined ? undefined : Number(digits) * size;
  };
}

/** The seconds of a duration; undefined for text that ipman does not accept. */
export const parseDuration = amountWith(durationUnits, 9);

/** The bytes of a volume; undefined for text that ipman does not accept. */
export const parseBytes = amountWith(byteUnits, longestNumber);

/** A count; undefined for text that ipman does not accept. */
export const parseCount = amountWith(new Map([["", 1]]), longestNumber);

/** A duration. Source: strongSwan, src/libcharon/plugins/vici/vici_config.c, `parse_time`. */
export const duration: ValueKind = kindOf({
  name: "duration, such as `90`, `30s`, `5m`, `4h`, `1d`",
  acceptedBy: (text) => ifTrue(/^ *[dhms]?$/i.test(afterNumber(text.slice(0, longestNumber)))),
  isPlain: (text) => parseDuration(text) !== undefined,
  remedy: () => "is not a duration: use 90, 30s, 5m, 4h or 1d",
});

/** A volume. Source: as above, `parse_bytes`. */
export const bytes: ValueKind = kindOf({
  name: "number of bytes, also with `k`, `m` or `g`",
  acceptedBy: (text) => ifTrue(/^ *[kmg]?$/i.test(afterNumber(text.slice(0, longestNumber)))),
  isPlain: (text) => parseBytes(text) !== undefined,
  remedy: () => "is not a number of bytes: use 500000000, 500m or 2g",
});

/** A number of packets. Source: as above, `parse_uint64`. */
export const count: ValueKind = kindOf({
  name: "number",
  acceptedBy: isNumber,
  isPlain: (text) => parseCount(text) !== undefined,
  remedy: () => "is not a number: use 0 or a decimal number",
});

/** A number of 32 bits. Source: as above, `parse_uint32`. */
export const integer: ValueKind = kindOf({
  name: "number",
  acceptedBy: isNumber,
  isPlain: (text) => /^(?:0|[1-9]\d*|0x[\da-f]+)$/i.test(text) && Number(text) <= 0xffffffff,
  remedy: () => "is not a number: use 0 to 4294967295",
});

/** A number of 32 bits, or `mtu`. Source: as above, `parse_tfc`. */
export const padding: ValueKind = kindOf({
  name: "number, `mtu`",
  acceptedBy: (text) => (text === "mtu" ? ifTrue(true) : isNumber(text)),
  isPlain: (text) => text === "mtu" || integer.problem(text) === undefined,
  remedy: () => "is not a number of bytes: use 0 to 4294967295, or mtu",
});

/** Six binary digits. Source: as above, `parse_dscp`, which cuts a longer number. */
export const codePoint: ValueKind = kindOf({
  name: "six binary digits",
  acceptedBy: (text) => ifTrue(afterNumber(text.slice(0, longestNumber), "binary") === ""),
  isPlain: (text) => /^[01]{6}$/.test(text),
  remedy: () => "is not a DSCP: use six binary digits, such as 101110",
});

function isNumber(text: string) {
  return ifTrue(afterNumber(text.slice(0, longestNumber)) === "");
}
