/** Values of every kind for the tests of options, for charon's simulator and for the real charon. */
import { action } from "./action.ts";
import { authenticationOptions } from "./authentication-options.ts";
import type { CharonOption } from "./charon-option.ts";
import { childOptions } from "./child-options.ts";
import { connectionOptions } from "./connection-options.ts";
import { bytes, codePoint, count, duration, integer, padding } from "./number-kinds.ts";
import {
  address,
  ahProposals,
  authentication,
  certificate,
  espProposals,
  ikeProposals,
  interfaceId,
  label,
  mark,
  newMark,
  selector,
  text,
} from "./text-kinds.ts";
import type { ValueKind } from "./value-kind.ts";

/** An option with its level; `authentication` is of the sections `local` and `remote`. */
export interface LevelledOption {
  readonly level: "connection" | "authentication" | "child";
  readonly name: string;
  readonly option: CharonOption;
}

export const everyOption: readonly LevelledOption[] = [
  ...ofLevel("connection", connectionOptions),
  ...ofLevel("authentication", authenticationOptions),
  ...ofLevel("child", childOptions),
];

function ofLevel(
  level: LevelledOption["level"],
  options: Readonly<Record<string, CharonOption>>,
): LevelledOption[] {
  return Object.entries(options).map(([name, option]) => ({ level, name, option }));
}

const numbers = [
  "0",
  "2",
  "7",
  "4500",
  "4294967295",
  "0x10",
  "010",
  "08",
  "-1",
  "1.5",
  "7 ",
  "ten",
];
const marks = ["42", "0x2a/0xff", "%unique", "%unique-dir", "%unique/0xff", "%same", "%same/1"];
const durations = ["90", "30s", "5m", "4h", "1d", "30 s", "1D", "0x10s", "010s", "-5", "s", "5m "];
const proposals = [
  "aes256-sha256-ecp256",
  "aes256gcm16-prfsha256-x25519",
  "aes256gcm16-ecp512bp",
  "aes256-sha256-modp2048-none",
  "aes256-sha256--ecp256-",
  " aes256 - sha256 - ecp256",
  "Default",
  "AES256-sha256-ecp256",
  "aes256-sha256-modp2048!",
  "aes256gcm16-aes256-sha256-ecp256",
  "sha256-ecp256",
  "aes256gmac",
  "-",
];

const samples: ReadonlyMap<ValueKind, readonly string[]> = new Map<ValueKind, string[]>([
  [duration, [...durations, "4 hours", "1h30m", "1.5h"]],
  [bytes, ["0", "500000000", "500k", "500m", "2G", "2 g", "010", "-1", "5t", "1.5g"]],
  [count, numbers],
  [integer, numbers],
  [padding, [...numbers, "mtu", "MTU", "%mtu"]],
  [codePoint, ["101110", "1", "1111111111", "2", "0x2e"]],
  [
    action,
    [
      "start",
      "trap",
      "none",
      "restart",
      "route",
      "clear",
      "trap|start",
      "START",
      " none | trap ",
      "route|start",
      "hold",
      "add",
    ],
  ],
  [text, ["anything", "two words", "grün", "tab\t"]],
  [label, ["system_u:object_r:ipsec_spd_t:s0", "grün"]],
  [address, ["192.0.2.1", "0.0.0.0", "::", "fd00::1", "%any", "%any6", "192.0.2", "a.example"]],
  [
    selector,
    [
      "10.0.0.0/8",
      "10.0.0.1",
      "dynamic",
      "10.0.0.0/8[6/443]",
      "fd00::/64",
      "10.0.0.1-10.0.0.9",
      "10.0.0.0/33",
      "10.0.0/8",
      "everything",
    ],
  ],
  [mark, [...marks, "1/", "1/x", "x"]],
  [newMark, [...marks, "1/", "1/x", "x"]],
  [interfaceId, ["7", "0x7", "%unique", "%unique-dir", "%unique-x", "x"]],
  [
    authentication,
    [
      "psk",
      "PSK",
      "pubkey",
      "rsa-2048",
      "ecdsa",
      "ike:pubkey-sha256",
      "eap-md5",
      "XAUTH",
      "bliss",
      "secret",
      "RSA",
    ],
  ],
  [certificate, []],
  [ikeProposals, proposals],
  [espProposals, proposals],
  [ahProposals, proposals],
]);

/** Values that charon accepts and values that it rejects, of a kind. */
export function samplesOf(kind: ValueKind): string[] {
  const words = kind.words ?? [];
  const own = samples.get(kind) ?? words;
  const all = [...own, ...words.map((word) => word.toUpperCase()), `${words[0] ?? ""}?`, ""];
  return [...new Set(all)];
}
