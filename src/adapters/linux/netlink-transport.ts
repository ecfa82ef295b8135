import { closeSync } from "node:fs";
import { Protocol, Sock } from "./constants.ts";
import { NetlinkError } from "./errors.ts";
import { checked, errno, libc, setOption } from "./libc.ts";
import { inNamespace, openNamespace } from "./namespace.ts";

/**
 * Carries netlink messages to and from a kernel. Everything above it is bytes in, bytes out, so a
 * test can put a function of request messages in the kernel's place.
 */
export interface NetlinkTransport {
  /**
   * Opens a socket for requests. It stays in the namespace that it was opened in.
   *
   * @param namespace a path; undefined for the process's own
   * @throws {NetlinkError}
   */
  readonly open: (namespace: string | undefined, protocol: number) => RawSocket;
  /**
   * Opens a socket that receives what the kernel multicasts to these groups. `receive` does not
   * wait: it throws EAGAIN if there is nothing, and ENOBUFS if the kernel dropped messages.
   *
   * @throws {NetlinkError}
   */
  readonly subscribe: (
    namespace: string | undefined,
    protocol: number,
    groups: readonly number[],
  ) => RawSocket;
  /**
   * Opens a namespace, for requests that refer to it by its descriptor.
   *
   * @throws {NetlinkError} ENOENT if the namespace no longer exists
   */
  readonly openNamespace: (namespace: string | undefined) => NamespaceDescriptor;
}

/** A socket whose datagrams hold one or more netlink messages. */
export interface RawSocket extends Disposable {
  readonly fd: number;
  /** @throws {NetlinkError} */
  readonly send: (op: string, datagram: Buffer) => void;
  /**
   * Returns the next datagram. Its bytes are valid until the next call on any socket.
   *
   * @throws {NetlinkError}
   */
  readonly receive: (op: string) => Buffer;
}

/** A namespace that is open until it is disposed of. */
export interface NamespaceDescriptor extends Disposable {
  readonly fd: number;
}

/** The kernel of this machine. */
export const linuxNetlink: NetlinkTransport = {
  open: (namespace, protocol) => new LinuxSocket(openSocket(namespace, protocol, 0)),
  subscribe: (namespace, protocol, groups) => {
    using opened = new DisposableStack();
    const socket = opened.use(new LinuxSocket(openSocket(namespace, protocol, Sock.nonblock)));
    // A socket without a port number is left out of every broadcast.
    checked("bind", libc.bind(socket.fd, anyPort, anyPort.length));
    for (const group of groups) join(socket.fd, group);
    opened.move();
    return socket;
  },
  openNamespace: (namespace) => {
    const fd = openNamespace(namespace);
    return { fd, [Symbol.dispose]: () => closeSync(fd) };
  },
};

// Every exchange is synchronous, so there is never more than one at a time: all sockets share
// this memory, of which each would otherwise touch a quarter of a megabyte.
const input = Buffer.allocUnsafeSlow(256 * 1024);

class LinuxSocket implements RawSocket {
  readonly fd: number;

  constructor(fd: number) {
    this.fd = fd;
  }

  send(op: string, datagram: Buffer): void {
    checked(op, libc.send(this.fd, datagram, datagram.length, 0));
  }

  receive(op: string): Buffer {
    const size = libc.recv(this.fd, input, input.length, 0);
    if (size < 0) throw new NetlinkError(op, errno());
    return input.subarray(0, size);
  }

  [Symbol.dispose](): void {
    closeSync(this.fd);
  }
}

const one = Buffer.from([1, 0, 0, 0]);
const fourMebibytes = Buffer.from([0, 0, 0x40, 0]);
/** struct timeval: a blocking receive gives up after two seconds. */
const receiveTimeout = Buffer.alloc(16);
receiveTimeout.writeBigInt64LE(2n, 0);
/** struct sockaddr_nl with nl_pid 0: the kernel chooses. */
const anyPort = Buffer.alloc(12);
anyPort.writeUInt16LE(Sock.afNetlink);

function openSocket(namespace: string | undefined, protocol: number, flags: number): number {
  return inNamespace(namespace, () => {
    const type = Sock.raw | Sock.cloexec | flags;
    const fd = checked("netlink socket", libc.socket(Sock.afNetlink, type, protocol));
    try {
      setOption(fd, Sock.solSocket, Sock.soRcvtimeo, receiveTimeout);
      // A whole batch may fail, and each failure is an answer of its own.
      setOption(fd, Sock.solSocket, Sock.soRcvbufforce, fourMebibytes);
      setOption(fd, Sock.solNetlink, Sock.capAck, one);
      setOption(fd, Sock.solNetlink, Sock.extAck, one);
      if (protocol === Protocol.route) setOption(fd, Sock.solNetlink, Sock.getStrictChk, one);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    return fd;
  });
}

function join(fd: number, group: number): void {
  const value = Buffer.alloc(4);
  value.writeUInt32LE(group);
  setOption(fd, Sock.solNetlink, Sock.addMembership, value);
}
