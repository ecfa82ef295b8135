import type { Message } from "./message.ts";

const text = (value: string): number[] => [...Buffer.from(value)];

/** Messages and their bytes, written by hand from the description of the protocol. */
export const golden: readonly { name: string; message: Message; bytes: Uint8Array }[] = [
  { name: "empty message", message: {}, bytes: Uint8Array.of() },
  {
    name: "key and value",
    message: { key: "value" },
    bytes: Uint8Array.of(3, 3, ...text("key"), 0, 5, ...text("value")),
  },
  {
    name: "empty value",
    message: { k: "" },
    bytes: Uint8Array.of(3, 1, ...text("k"), 0, 0),
  },
  {
    name: "list",
    message: { list: ["a", "bc"] },
    bytes: Uint8Array.of(4, 4, ...text("list"), 5, 0, 1, ...text("a"), 5, 0, 2, ...text("bc"), 6),
  },
  {
    name: "empty list",
    message: { l: [] },
    bytes: Uint8Array.of(4, 1, ...text("l"), 6),
  },
  {
    name: "sections within sections",
    message: { a: { b: { c: "d" }, e: "f" } },
    bytes: Uint8Array.of(
      1,
      1,
      ...text("a"),
      1,
      1,
      ...text("b"),
      3,
      1,
      ...text("c"),
      0,
      1,
      ...text("d"),
      2,
      3,
      1,
      ...text("e"),
      0,
      1,
      ...text("f"),
      2,
    ),
  },
  {
    name: "text beyond ASCII",
    message: { id: "München", ключ: "значение" },
    bytes: Uint8Array.of(
      3,
      2,
      ...text("id"),
      0,
      8,
      ...text("München"),
      3,
      8,
      ...text("ключ"),
      0,
      16,
      ...text("значение"),
    ),
  },
  {
    name: "a value longer than 255 bytes",
    message: { k: "x".repeat(300) },
    bytes: Uint8Array.of(3, 1, ...text("k"), 1, 44, ...text("x".repeat(300))),
  },
];
