import type { Result } from "../api/result.ts";

/** Longest value of a VICI message, in bytes. */
const maxKeyBytes = 0xffff;

/** As Go's strings.TrimSpace; String.prototype.trim would remove a byte order mark, too. */
const outerSpace = /^\p{White_Space}+|\p{White_Space}+$/gu;

// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u0008\u000e-\u001f\u007f]/;

/** chunk_from_hex of strongSwan: pairs of digits from the right, a colon before each pair. */
const hexadecimal = /^(?!:)[0-9a-f]?(?::?[0-9a-f]{2})*$/i;

/** chunk_from_base64 of strongSwan: whole groups of four; `-` and `_` as in RFC 4648, section 5. */
const base64 = /^(?:[\w+/-]{4})*(?:[\w+/-]{2}==|[\w+/-]{3}=)?$/;

/**
 * The bytes of a pre-shared key, by the value of a Secret.
 *
 * Text (UTF-8 without control characters) loses its outer white space; then `0s` begins base64
 * and `0x` hexadecimal digits, as in swanctl.conf. Every other value is the key itself. The
 * problems say nothing of the value.
 */
export function preSharedKey(value: Uint8Array): Result<Uint8Array> {
  const text = textOf(value);
  const key = text === undefined ? value : keyOfText(text.replace(outerSpace, ""));
  if (typeof key === "string") return problem(key);
  if (key.length === 0) return problem("is empty: write the pre-shared key there");
  if (key.length <= maxKeyBytes) return { ok: true, value: key };
  return problem(`is longer than ${maxKeyBytes} bytes, more than charon takes: use a shorter key`);
}

/** The key, or what is wrong with the text. */
function keyOfText(text: string): Uint8Array | string {
  const [prefix, digits] = [text.slice(0, 2).toLowerCase(), text.slice(2)];
  if (prefix === "0x") return keyOfHexadecimal(digits);
  if (prefix === "0s") return keyOfBase64(digits);
  return Buffer.from(text);
}

function keyOfHexadecimal(digits: string): Uint8Array | string {
  if (digits !== "" && hexadecimal.test(digits)) {
    const plain = digits.replaceAll(":", "");
    return Buffer.from(plain.length % 2 === 0 ? plain : `0${plain}`, "hex");
  }
  return (
    "begins with 0x, and hexadecimal digits have to follow: " +
    "correct them, or write the key as 0s and its base64 where it really begins with 0x"
  );
}

function keyOfBase64(digits: string): Uint8Array | string {
  // Buffer takes both alphabets.
  if (digits !== "" && base64.test(digits)) return Buffer.from(digits, "base64");
  return (
    "begins with 0s, and base64 with its padding has to follow: " +
    "correct it, or write the key as 0s and its base64 where it really begins with 0s"
  );
}

/** Undefined where the bytes are not text. */
function textOf(value: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(value);
    return control.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

function problem(message: string): Result<Uint8Array> {
  return { ok: false, problems: [{ path: "", message }] };
}
