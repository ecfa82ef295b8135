import { closeSync } from "node:fs";
import { Sock } from "./constants.ts";
import { checked, libc } from "./libc.ts";
import { inNamespace } from "./namespace.ts";

// linux/if_packet.h
const afPacket = 17;
const sockaddrBytes = 20;

/**
 * Sends Ethernet frames through a device, unchanged.
 *
 * @param namespace a path; undefined for the process's own
 * @throws {NetlinkError} at the first frame that the kernel refuses
 */
export function sendFrames(
  namespace: string | undefined,
  device: string,
  frames: readonly Uint8Array[],
): void {
  const fd = inNamespace(namespace, () => openOn(device));
  try {
    for (const frame of frames)
      checked(
        `send a frame through ${device}`,
        libc.send(fd, frame, frame.length, Sock.msgDontwait),
      );
  } finally {
    closeSync(fd);
  }
}

/** Opens a packet socket that receives nothing: its protocol is 0. */
function openOn(device: string): number {
  const fd = checked("packet socket", libc.socket(afPacket, Sock.raw | Sock.cloexec, 0));
  try {
    const address = Buffer.alloc(sockaddrBytes); // struct sockaddr_ll
    address.writeUInt16LE(afPacket, 0);
    address.writeInt32LE(checked(`find ${device}`, libc.if_nametoindex(device) || -1), 4);
    checked(`bind to ${device}`, libc.bind(fd, address, address.length));
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}
