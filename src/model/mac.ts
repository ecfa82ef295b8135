import { createHash } from "node:crypto";

/**
 * A MAC address that depends on its parts alone: locally administered, unicast. Whoever
 * rebuilds a device gives it the address that its neighbours know.
 */
export function macOf(...parts: readonly string[]): string {
  const digest = createHash("sha256").update(parts.join("\0")).digest();
  const bytes = [...digest.subarray(0, 6)];
  bytes[0] = ((bytes[0] as number) & 0xfc) | 0x02;
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}
