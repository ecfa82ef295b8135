/** A leaf: text, or bytes where text would not do (keys, certificates). */
export type Value = string | Uint8Array;

/** A section: named values, lists and sections. Members that are `undefined` are not sent. */
export interface Message {
  [name: string]: Value | readonly Value[] | Message | undefined;
}

/**
 * The types of a message's elements and the sizes of their lengths: names have one
 * byte, values two (big-endian). Source: strongSwan, src/libcharon/plugins/vici/README.md.
 */
export const Element = {
  sectionStart: 1,
  sectionEnd: 2,
  keyValue: 3,
  listStart: 4,
  listItem: 5,
  listEnd: 6,
} as const;

/** Longest name, in bytes. */
export const maxNameBytes = 0xff;

/** Longest value, in bytes. */
export const maxValueBytes = 0xffff;

/** Longest packet, in bytes, its own length prefix not counted (VICI_MESSAGE_SIZE_MAX). */
export const maxPacketBytes = 512 * 1024;
