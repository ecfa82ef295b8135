import { closeSync } from "node:fs";
import { libc, checked } from "../../src/adapters/linux/libc.ts";
import { bytesOf, parseAddress, type Address } from "../../src/model/net/address.ts";

// linux/socket.h, linux/udp.h
const families = { 4: 2, 6: 10 } as const;
const sockDgram = 2;
const solUdp = 17;
const udpSegment = 103;

/**
 * Sends UDP datagrams of one size as one: if sender and receiver are on one node, the kernel
 * splits them before the receiver's socket. This needs no privilege.
 */
export function sendCoalesced(text: string, port: number, datagrams: readonly Buffer[]): void {
  const to = parseAddress(text) as Address;
  const fd = checked("socket", libc.socket(families[to.family], sockDgram, 0));
  try {
    const size = Buffer.alloc(4);
    size.writeUInt32LE(datagrams[0]?.length ?? 0);
    checked("UDP_SEGMENT", libc.setsockopt(fd, solUdp, udpSegment, size, size.length));
    const name = socketName(to, port);
    checked("connect", libc.connect(fd, name, name.length));
    const bytes = Buffer.concat(datagrams);
    checked("send", libc.send(fd, bytes, bytes.length, 0));
  } finally {
    closeSync(fd);
  }
}

/** struct sockaddr_in, sockaddr_in6 */
function socketName(address: Address, port: number): Buffer {
  const isIpv4 = address.family === 4;
  const name = Buffer.alloc(isIpv4 ? 16 : 28);
  name.writeUInt16LE(families[address.family], 0);
  name.writeUInt16BE(port, 2);
  name.set(bytesOf(address), isIpv4 ? 4 : 8);
  return name;
}
