import { Nl } from "../linux/constants.ts";
import { NetlinkError } from "../linux/errors.ts";
import { attributesIn, textOf, type NetlinkMessage } from "./reader.ts";

/** Reads the error in an acknowledgement (struct nlmsgerr); undefined if it reports success. */
export function errorOf(op: string, { flags, body }: NetlinkMessage): NetlinkError | undefined {
  const code = codeIn(body);
  if (code === 0) return undefined;
  const echoed = (flags & Nl.capped) !== 0 ? 16 : lengthOf(body);
  return new NetlinkError(op, code, detailIn(flags, body, 4 + echoed));
}

/**
 * Reads the error of a dump: in an acknowledgement that replaces the dump, or in the message that
 * ends it. The kernel refuses and aborts most dumps by the latter (netlink_dump_done).
 */
export function dumpErrorOf(op: string, message: NetlinkMessage): NetlinkError | undefined {
  if (message.type === Nl.error) return errorOf(op, message);
  if (message.type !== Nl.done) return undefined;
  const code = codeIn(message.body);
  if (code <= 0) return undefined;
  return new NetlinkError(op, code, detailIn(message.flags, message.body, 4));
}

/** The errno at the beginning of a body, which the kernel writes as a negative number. */
function codeIn(body: Buffer): number {
  return body.length < 4 ? 0 : -body.readInt32LE(0);
}

function lengthOf(body: Buffer): number {
  return body.length < 8 ? 0 : body.readUInt32LE(4);
}

/** The kernel's own text, in the attributes behind the fixed part. */
function detailIn(flags: number, body: Buffer, from: number): string {
  if ((flags & Nl.ackTlvs) === 0) return "";
  return textOf(attributesIn(body, from).get(Nl.attrMessage));
}
