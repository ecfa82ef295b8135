import { closeSync, constants, openSync, readSync, writeSync } from "node:fs";
import { systemCall } from "./errors.ts";
import { checked, libc } from "./libc.ts";
import { inNamespace } from "./namespace.ts";

// linux/if_tun.h
const tunSetIff = 0x400454ca;
const iffTun = 0x0001;
const iffNoPi = 0x1000;
const ifreqBytes = 40;
const longestName = 15;

/** The most bytes of an IP packet. */
const packetBytes = 65_535;

/** A device whose packets this process reads and writes. The kernel removes it when it is closed. */
export interface Tun extends Disposable {
  /** The next packet that was routed to the device; undefined if none waits. */
  readonly read: () => Buffer | undefined;
  /** Has the kernel receive a packet from the device. */
  readonly write: (packet: Buffer) => void;
}

/**
 * Creates a TUN device, which is down.
 *
 * @param namespace a path; undefined for the process's own
 * @param name at most 15 bytes
 * @throws {NetlinkError} ENOENT without /dev/net/tun, EBUSY if the name is taken
 */
export function openTun(namespace: string | undefined, name: string): Tun {
  const op = `add tun link ${name}`;
  // The device belongs to the namespace in which the file is opened.
  const fd = inNamespace(namespace, () => {
    const flags = constants.O_RDWR | constants.O_NONBLOCK;
    const opened = systemCall(op, () => openSync("/dev/net/tun", flags));
    try {
      const request = Buffer.alloc(ifreqBytes); // struct ifreq
      request.write(name.slice(0, longestName), "latin1");
      request.writeUInt16LE(iffTun | iffNoPi, 16);
      checked(op, libc.ioctl(opened, tunSetIff, request));
      return opened;
    } catch (error) {
      closeSync(opened);
      throw error;
    }
  });
  const buffer = Buffer.alloc(packetBytes);
  return {
    read: () => {
      try {
        return Buffer.from(buffer.subarray(0, readSync(fd, buffer)));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EAGAIN") return undefined;
        throw error;
      }
    },
    write: (packet) => {
      systemCall(`write to ${name}`, () => writeSync(fd, packet));
    },
    [Symbol.dispose]: () => closeSync(fd),
  };
}
