import { closeSync } from "node:fs";
import { constants } from "node:os";
import { bytesOf, type Address } from "../../model/net/address.ts";
import { familyNumber, Sock } from "../linux/constants.ts";
import { NetlinkError } from "../linux/errors.ts";
import { checked, errno, libc, setOption } from "../linux/libc.ts";
import { inNamespace } from "../linux/namespace.ts";
import type { DescriptorWatcher } from "../linux/poller.ts";
import { decodeEchoReply, encodeEchoRequest, icmpHeaderBytes } from "./echo-message.ts";

/** The source and the target of echo requests. */
export interface EchoPath {
  /** A path; undefined for the process's own. */
  readonly namespace: string | undefined;
  readonly target: Address;
  /** Undefined if routing decides. */
  readonly source?: Address;
  /** Sends packets unfragmented or not at all, whatever path MTU the kernel has recorded. */
  readonly unfragmented?: boolean;
}

// linux/in.h, linux/in6.h, linux/icmp.h
const protocol = { 4: 1, 6: 58 } as const;
const discovery = { 4: [0, 10], 6: [41, 23] } as const;
const discoverProbe = Buffer.from([3, 0, 0, 0]);
const receiveBytes = 64 * 1024;
const mostDrained = 64;
const input = Buffer.allocUnsafeSlow(receiveBytes);
let lastIdentifier = process.pid & 0xffff;

/** A raw socket that sends echo requests to one address and receives the answers. */
export class EchoSocket implements Disposable {
  readonly #fd: number;
  readonly #owned: DisposableStack;
  readonly #path: EchoPath;
  readonly #onAnswer: (sequence: number) => void;
  readonly #identifier = (lastIdentifier = (lastIdentifier + 1) & 0xffff);

  /**
   * @param onAnswer receives the sequence number of the request
   * @throws {NetlinkError}
   */
  constructor(poller: DescriptorWatcher, path: EchoPath, onAnswer: (sequence: number) => void) {
    this.#path = path;
    this.#onAnswer = onAnswer;
    using opened = new DisposableStack();
    this.#fd = opened.adopt(
      inNamespace(path.namespace, () => connected(path)),
      closeSync,
    );
    // A packet whose handling fails is not an answer.
    opened.defer(poller.watch(this.#fd, () => void this.#receive(), ignored));
    this.#owned = opened.move();
  }

  /**
   * @param bytes the size of the whole IP packet; undefined for the smallest
   * @throws {NetlinkError} if there is no route, or the packet exceeds the device's MTU
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

  /** Receives the answers that have arrived, which the poller may report only later. */
  drain(): void {
    for (let received = 0; received < mostDrained; received++)
      // The function that receives an answer may dispose of this socket.
      if (this.#owned.disposed || !this.#receive()) return;
  }

  [Symbol.dispose](): void {
    this.#owned.dispose();
  }

  /** Returns false if nothing has arrived. */
  #receive(): boolean {
    const size = libc.recv(this.#fd, input, input.length, Sock.msgDontwait);
    // Another error is an ICMP error for an earlier request, such as an unreachable host: the request
    // stays unanswered.
    if (size < 0) return errno() !== constants.errno.EAGAIN;
    const answer = decodeEchoReply(this.#path.target.family, input.subarray(0, size));
    if (answer?.identifier === this.#identifier) this.#onAnswer(answer.sequence);
    return true;
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
