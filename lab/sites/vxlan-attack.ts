#!/usr/bin/env node
/*
 * Sends UDP datagrams as an ordinary process would, without privilege: a JSON array of
 * { "to", "port", "hex", "count", "flood", "coalesced" } as the last argument. With "flood", each
 * datagram has another source MAC address in its frame. With "coalesced", a list of further
 * datagrams, the kernel receives all of them as one. Without those it imports only Node's own
 * modules, so that it runs in any image that has Node.
 */
import { createSocket } from "node:dgram";
import { isIPv6 } from "node:net";

interface Attack {
  readonly to: string;
  readonly port: number;
  readonly hex: string;
  readonly count?: number;
  readonly flood?: boolean;
  readonly coalesced?: readonly string[];
}

/** The offset at which a frame's source MAC address ends in a VXLAN datagram. */
const sourceEnd = 8 + 12;
const atOnce = 64;

for (const { to, port, hex, count = 1, flood = false, coalesced } of JSON.parse(
  process.argv.at(-1) ?? "[]",
) as Attack[]) {
  if (coalesced !== undefined) {
    const datagrams = [hex, ...coalesced].map((each) => Buffer.from(each, "hex"));
    const { sendCoalesced } = await import("./coalesced.ts");
    sendCoalesced(to, port, datagrams);
    continue;
  }
  const socket = createSocket(isIPv6(to) ? "udp6" : "udp4");
  socket.connect(port, to);
  await new Promise((resolve) => socket.once("connect", resolve));
  const send = (bytes: Buffer) =>
    new Promise<void>((resolve) => {
      // A receiver that refuses is reported to the sender.
      socket.send(bytes, () => resolve());
    });
  for (let sent = 0; sent < count; sent += atOnce) {
    const some = Array.from({ length: Math.min(atOnce, count - sent) }, (_, i) => {
      const datagram = Buffer.from(hex, "hex");
      if (flood) datagram.writeUInt32BE(sent + i, sourceEnd - 4);
      return send(datagram);
    });
    await Promise.all(some);
  }
  socket.close();
}
