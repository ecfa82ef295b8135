/** A MAC address made of six bytes or more: locally administered, unicast. */
export function macOf(bytes: Uint8Array): string {
  const own = Buffer.from(bytes.subarray(0, 6));
  own[0] = ((own[0] as number) & 0xfc) | 0x02;
  return macText(own);
}

/** The six bytes of `02:00:5e:00:00:01`. */
export function macBytes(mac: string): Uint8Array {
  return Buffer.from(mac.replaceAll(":", ""), "hex");
}

/** `02:00:5e:00:00:01` of its six bytes; empty for a device without one. */
export function macText(bytes: Buffer | undefined): string {
  return bytes?.toString("hex").replace(/..(?!$)/g, "$&:") ?? "";
}
