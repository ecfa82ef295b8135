import { constants } from "node:os";
import { Nl } from "../../../src/adapters/linux/constants.ts";
import { NetlinkError } from "../../../src/adapters/linux/errors.ts";
import type { NetlinkTransport, RawSocket } from "../../../src/adapters/linux/netlink-transport.ts";
import { messagesIn, type NetlinkMessage } from "../../../src/adapters/netlink/reader.ts";
import { MessageWriter } from "../../../src/adapters/netlink/writer.ts";

/** The answer to a request: success, an error, or the requested objects. */
export type Answer =
  | "done"
  | { readonly code: string; readonly text?: string }
  | { readonly type: number; readonly bodies: readonly Buffer[] };

/** A kernel as a function of request messages. */
export type AnswerRequest = (
  request: NetlinkMessage,
  socket: { readonly namespace: string | undefined; readonly protocol: number },
) => Answer;

const multi = 2; // NLM_F_MULTI
const headerBytes = 16;
const firstDescriptor = 1_000;

/** A transport to a kernel that is a function. Namespaces are known by their paths. */
export class SimulatedTransport implements NetlinkTransport {
  readonly #answer: AnswerRequest;
  /** Paths of the namespaces that are open, by descriptor. */
  readonly descriptors = new Map<number, string | undefined>();
  /** Changes the datagrams of an answer: truncates them, or adds foreign ones. */
  tamper: (datagrams: Buffer[]) => Buffer[] = (datagrams) => datagrams;
  #opened = firstDescriptor;

  constructor(answer: AnswerRequest) {
    this.#answer = answer;
  }

  open = (namespace: string | undefined, protocol: number): RawSocket => {
    const datagrams: Buffer[] = [];
    return {
      fd: ++this.#opened,
      send: (_, bytes) => {
        const answers = [...messagesIn(Buffer.from(bytes))].flatMap((request) =>
          encodeAnswer(request, this.#answer(request, { namespace, protocol })),
        );
        datagrams.push(...this.tamper(answers));
      },
      receive: (op) => {
        const next = datagrams.shift();
        if (next === undefined) throw new NetlinkError(op, constants.errno.EAGAIN);
        return next;
      },
      [Symbol.dispose]: () => {},
    };
  };

  subscribe = (): RawSocket => {
    throw new Error("this transport multicasts nothing");
  };

  openNamespace = (namespace: string | undefined) => {
    const fd = ++this.#opened;
    this.descriptors.set(fd, namespace);
    return { fd, [Symbol.dispose]: () => void this.descriptors.delete(fd) };
  };
}

function encodeAnswer(request: NetlinkMessage, answer: Answer): Buffer[] {
  const { sequence } = request;
  if (answer === "done") {
    if ((request.flags & Nl.ack) === 0) return [];
    return [
      encodeMessage({ type: Nl.error, flags: Nl.capped, sequence, body: errorBody(0, request) }),
    ];
  }
  // Only requests that read have this combination of flags here.
  const isDump = (request.flags & Nl.dump) === Nl.dump && (request.flags & Nl.create) === 0;
  if ("code" in answer) return [encodeError(request, answer, isDump)];
  const flags = isDump ? multi : 0;
  const objects = answer.bodies.map((body) =>
    encodeMessage({ type: answer.type, flags, sequence, body }),
  );
  if (!isDump) return objects;
  // The kernel fills datagrams with several messages, and ends the last one.
  const end = encodeMessage({ type: Nl.done, flags, sequence, body: Buffer.alloc(4) });
  const half = Math.ceil(objects.length / 2);
  return [
    Buffer.concat(objects.slice(0, half)),
    Buffer.concat([...objects.slice(half), end]),
  ].filter(({ length }) => length > 0);
}

function encodeError(
  request: NetlinkMessage,
  { code, text = "" }: { readonly code: string; readonly text?: string },
  isDump: boolean,
): Buffer {
  const errno = new Map(Object.entries(constants.errno)).get(code);
  if (errno === undefined) throw new Error(`no errno is named ${code}`);
  const { sequence } = request;
  const detail = text === "" ? Buffer.alloc(0) : textAttribute(text);
  const tlvs = text === "" ? 0 : Nl.ackTlvs;
  if (!isDump) {
    const body = Buffer.concat([errorBody(errno, request), detail]);
    return encodeMessage({ type: Nl.error, flags: Nl.capped | tlvs, sequence, body });
  }
  const body = Buffer.concat([errorCode(errno), detail]);
  return encodeMessage({ type: Nl.done, flags: multi | tlvs, sequence, body });
}

/** struct nlmsgerr of a socket with NETLINK_CAP_ACK: the code, then the request's header. */
function errorBody(errno: number, { type, flags, sequence, body }: NetlinkMessage): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(headerBytes + body.length, 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(flags, 6);
  header.writeUInt32LE(sequence, 8);
  return Buffer.concat([errorCode(errno), header]);
}

function errorCode(errno: number): Buffer {
  const code = Buffer.alloc(4);
  code.writeInt32LE(-errno);
  return code;
}

function textAttribute(text: string): Buffer {
  const writer = new MessageWriter();
  writer.begin(0, 0, 0).attributeText(Nl.attrMessage, text);
  return Buffer.from(writer.bytes().subarray(headerBytes));
}

/** Encodes a message of the kernel. */
export function encodeMessage({ type, flags, sequence, body }: NetlinkMessage): Buffer {
  const message = Buffer.alloc(headerBytes + Math.ceil(body.length / 4) * 4);
  message.writeUInt32LE(headerBytes + body.length, 0);
  message.writeUInt16LE(type, 4);
  message.writeUInt16LE(flags, 6);
  message.writeUInt32LE(sequence, 8);
  message.set(body, headerBytes);
  return message;
}
