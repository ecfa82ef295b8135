import { closeSync } from "node:fs";
import { bytesOf, type Address } from "../../model/net/address.ts";
import { familyNumber, Sock } from "../linux/constants.ts";
import { NetlinkError } from "../linux/errors.ts";
import { checked, errno, libc } from "../linux/libc.ts";
import { inNamespace } from "../linux/namespace.ts";
import type { Poller } from "../linux/poller.ts";
import { setOption } from "../netlink/socket.ts";
import { decodeEchoReply, encodeEchoRequest, icmpHeaderBytes } from "./echo-message.ts";

/** Where echo requests go, and from where. */
export interface EchoPath {
  /** A path; undefined for the process's own. */
  readonly namespace: string | undefined;
  readonly target: Address;
  /** Undefined: the routes decide. */
  readonly source?: Address;
  /** Sent whole or not at all, whatever the kernel believes of the way's MTU. */
  readonly unfragmented?: boolean;
}

// linux/in.h, linux/in6.h, linux/icmp.h
const protocol = { 4: 1, 6: 58 } as const;
const discovery = { 4: [0, 10], 6: [41, 23] } as const;
const discoverProbe = Buffer.from([3, 0, 0, 0]);
const receiveBytes = 64 * 1024;
const input = Buffer.allocUnsafeSlow(receiveBytes);
let lastIdentifier = process.pid & 0xffff;

/** A raw socket that sends echo requests to one address, and hears the answers. */
export class EchoSocket implements Disposable {
  readonly #fd: number;
  readonly #owned: DisposableStack;
  readonly #path: EchoPath;
  readonly #identifier = (lastIdentifier = (lastIdentifier + 1) & 0xffff);

  /** @param onAnswer with the sequence number of the request */
  constructor(poller: Poller, path: EchoPath, onAnswer: (sequence: number) => void) {
    this.#path = path;
    using opened = new DisposableStack();
    this.#fd = opened.adopt(
      inNamespace(path.namespace, () => connected(path)),
      closeSync,
    );
    // A packet that cannot be read is not an answer.
    opened.defer(poller.watch(this.#fd, () => this.#receive(onAnswer), ignored));
    this.#owned = opened.move();
  }

  /**
   * @param bytes of the whole IP packet; undefined for the smallest
   * @throws {NetlinkError} where it cannot be sent: no route, or larger than the device takes
   */
  send(sequence: number, bytes?: number): void {
    const { family } = this.#path.target;
    const headerBytes = (family === 4 ? 20 : 40) + icmpHeaderBytes;
    const payloadBytes = Math.max(0, (bytes ?? 0) - headerBytes);
    const message = encodeEchoRequest(family, {
      identifier: this.#identifier,
      sequence,
      payloadBytes,
    });
    checked("send echo request", libc.send(this.#fd, message, message.length, Sock.msgDontwait));
  }

  [Symbol.dispose](): void {
    this.#owned.dispose();
  }

  #receive(onAnswer: (sequence: number) => void): void {
    const size = libc.recv(this.#fd, input, input.length, Sock.msgDontwait);
    // What ICMP says of requests before, such as that nobody is there: they are not answered.
    if (size < 0) return void errno();
    const answer = decodeEchoReply(this.#path.target.family, input.subarray(0, size));
    if (answer?.identifier === this.#identifier) onAnswer(answer.sequence);
  }
}

function ignored(): void {}

function connected({ target, source, unfragmented }: EchoPath): number {
  const { family } = target;
  const type = Sock.raw | Sock.cloexec | Sock.nonblock;
  const fd = libc.socket(familyNumber(family), type, protocol[family]);
  if (fd < 0) throw new NetlinkError("echo socket", errno());
  try {
    const [level, name] = discovery[family];
    if (unfragmented === true) setOption(fd, level, name, discoverProbe);
    const from = source && socketAddress(source);
    if (from !== undefined) checked("bind echo socket", libc.bind(fd, from, from.length));
    const to = socketAddress(target);
    checked("connect echo socket", libc.connect(fd, to, to.length));
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** struct sockaddr_in, struct sockaddr_in6. */
function socketAddress(address: Address): Buffer {
  const of4 = address.family === 4;
  const bytes = Buffer.alloc(of4 ? 16 : 28);
  bytes.writeUInt16LE(familyNumber(address.family), 0);
  bytes.set(bytesOf(address), of4 ? 4 : 8);
  return bytes;
}
