/** Makes a locally administered unicast MAC address of the first six bytes. */
export function macOf(bytes: Uint8Array): string {
  const own = Buffer.from(bytes.subarray(0, 6));
  own[0] = ((own[0] as number) & 0xfc) | 0x02;
  return macText(own);
}

/** Parses `02:00:5e:00:00:01` to its six bytes. */
export function macBytes(mac: string): Uint8Array {
  return Buffer.from(mac.replaceAll(":", ""), "hex");
}

/** Formats six bytes as `02:00:5e:00:00:01`; empty for a device without a MAC address. */
export function macText(bytes: Buffer | undefined): string {
  return bytes?.toString("hex").replace(/..(?!$)/g, "$&:") ?? "";
}
