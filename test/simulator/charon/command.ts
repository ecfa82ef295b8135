import type { Message } from "vici-client";

/** Answers a command; `part` sends an item of a streamed answer. */
export type Command = (
  message: Message,
  part: (event: string, message: Message) => void,
) => Message;

/** The answer to a command that was carried out. */
export const done = { success: "yes" } as const;

/** The answer to a command that was not. */
export const refusal = (errmsg: string) => ({ success: "no", errmsg });
