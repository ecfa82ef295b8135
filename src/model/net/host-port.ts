import { formatAddress, type Address } from "./address.ts";

/** Formats an address with a port: `10.0.0.1:443`, `[fd00::1]:443`. */
export function formatHostPort(address: Address, port: number): string {
  const text = formatAddress(address);
  return address.family === 6 ? `[${text}]:${port}` : `${text}:${port}`;
}
