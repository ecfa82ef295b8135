import { closeSync } from "node:fs";
import { Sock } from "./constants.ts";
import { checked, libc } from "./libc.ts";

/** The process that listens on a Unix socket. */
export interface PeerProcess {
  /** Its network namespace, as a path. */
  readonly namespace: string;
}

/**
 * Finds the process that listens on a Unix socket by the kernel's record of it (SO_PEERCRED): the
 * process itself need not answer.
 *
 * @throws {NetlinkError} if no process listens
 */
export function peerProcess(socketPath: string): PeerProcess {
  return { namespace: `/proc/${peerPid(socketPath)}/ns/net` };
}

function peerPid(socketPath: string): number {
  // The queue of a listener that hangs fills up; a blocking connect would then wait for ever.
  const type = Sock.stream | Sock.cloexec | Sock.nonblock;
  const fd = checked("unix socket", libc.socket(Sock.afUnix, type, 0));
  try {
    const address = Buffer.alloc(110);
    address.writeUInt16LE(Sock.afUnix, 0);
    address.write(socketPath, 2);
    const size = 2 + Buffer.byteLength(socketPath) + 1;
    checked(`connect to ${socketPath}`, libc.connect(fd, address, size));
    const credentials = Buffer.alloc(12); // struct ucred: pid, uid, gid
    const length = [credentials.length];
    checked(
      "SO_PEERCRED",
      libc.getsockopt(fd, Sock.solSocket, Sock.soPeercred, credentials, length),
    );
    return credentials.readInt32LE(0);
  } finally {
    closeSync(fd);
  }
}
