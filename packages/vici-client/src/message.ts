/** A value: text, or bytes for keys and certificates. */
export type Value = string | Uint8Array;

/** A section with named values, lists and sections. Members that are `undefined` are not sent. */
export interface Message {
  [name: string]: Value | readonly Value[] | Message | undefined;
}

/**
 * The element types of a message. The length of a name has one byte, the length of a value two
 * (big-endian). Source: strongSwan, src/libcharon/plugins/vici/README.md.
 */
export const Element = {
  sectionStart: 1,
  sectionEnd: 2,
  keyValue: 3,
  listStart: 4,
  listItem: 5,
  listEnd: 6,
} as const;

/** The longest name, in bytes. */
export const maxNameBytes = 0xff;

/** The longest value, in bytes. */
export const maxValueBytes = 0xffff;

/** The longest packet without its length prefix, in bytes (VICI_MESSAGE_SIZE_MAX). */
export const maxPacketBytes = 512 * 1024;
