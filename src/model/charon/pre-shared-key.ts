import type { Result } from "../api/result.ts";

/** The longest value of a VICI message, in bytes. */
const maxKeyBytes = 0xffff;

/** Like Go's strings.TrimSpace; String.prototype.trim would also remove a byte order mark. */
const outerSpace = /^\p{White_Space}+|\p{White_Space}+$/gu;

// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u0008\u000e-\u001f\u007f]/;

/** chunk_from_hex of strongSwan: pairs of digits from the right, a colon before each pair. */
const hexadecimal = /^(?!:)[0-9a-f]?(?::?[0-9a-f]{2})*$/i;

/** chunk_from_base64 of strongSwan: whole groups of four; `-` and `_` as in RFC 4648, section 5. */
const base64 = /^(?:[\w+/-]{4})*(?:[\w+/-]{2}==|[\w+/-]{3}=)?$/;

/**
 * Reads the bytes of a pre-shared key from the value of a Secret.
 *
 * Text (UTF-8 without control characters) is trimmed; after that `0s` begins base64 and `0x`
 * hexadecimal digits, as in swanctl.conf. Every other value is the key itself. The problems do not
 * contain the value.
 */
export function preSharedKey(value: Uint8Array): Result<Uint8Array> {
  const text = textOf(value);
  const key = text === undefined ? value : keyOfText(text.replace(outerSpace, ""));
  if (typeof key === "string") return problem(key);
  if (key.length === 0) return problem("is empty: write the pre-shared key into it");
  if (key.length <= maxKeyBytes) return { ok: true, value: key };
  return problem(
    `is longer than ${maxKeyBytes} bytes, which is the maximum of charon: use a shorter key`,
  );
}

/** The key, or the problem of the text. */
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
    "begins with 0x, but is not hexadecimal: " +
    "correct it, or if the key itself begins with 0x, write 0s and the base64 of the key"
  );
}

function keyOfBase64(digits: string): Uint8Array | string {
  // Buffer decodes both alphabets.
  if (digits !== "" && base64.test(digits)) return Buffer.from(digits, "base64");
  return (
    "begins with 0s, but is not base64 with padding: " +
    "correct it, or if the key itself begins with 0s, write 0s and the base64 of the key"
  );
}

/** Undefined if the bytes are not text. */
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
