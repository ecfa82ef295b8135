import { Element, type Message, type Value } from "./message.ts";
import { Writer } from "./writer.ts";

const writer = new Writer();

/**
 * Encodes a message, without packet type and length.
 *
 * @throws {ViciError} `too-large` for a name over 255 bytes, a value over 65,535
 *   bytes or a message over 512 KiB
 */
export function encodeMessage(message: Message): Uint8Array {
  writer.reset();
  writeMessage(writer, message);
  return writer.copy();
}

/** Appends a message to a writer. */
export function writeMessage(target: Writer, message: Message): void {
  for (const name in message) {
    const member = message[name];
    if (typeof member === "string") writeKeyValue(target, name, member);
    else if (member !== undefined) writeMember(target, name, member);
  }
}

function writeKeyValue(target: Writer, name: string, value: Value): void {
  target.byte(Element.keyValue);
  target.name(name);
  target.value(value);
}

function writeMember(
  target: Writer,
  name: string,
  member: Uint8Array | readonly Value[] | Message,
): void {
  if (member instanceof Uint8Array) writeKeyValue(target, name, member);
  else if (Array.isArray(member)) writeList(target, name, member as readonly Value[]);
  else writeSection(target, name, member as Message);
}

function writeList(target: Writer, name: string, items: readonly Value[]): void {
  target.byte(Element.listStart);
  target.name(name);
  for (const item of items) {
    target.byte(Element.listItem);
    target.value(item);
  }
  target.byte(Element.listEnd);
}

function writeSection(target: Writer, name: string, section: Message): void {
  target.byte(Element.sectionStart);
  target.name(name);
  writeMessage(target, section);
  target.byte(Element.sectionEnd);
}
