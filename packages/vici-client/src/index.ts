export type {
  ChildSa,
  Commands,
  Done,
  Events,
  IkeSa,
  SaSelector,
  Streams,
  UpDown,
  YesNo,
} from "./commands.ts";
export { decodeMessage, type DecodeOptions } from "./decode.ts";
export { encodeMessage } from "./encode.ts";
export { ViciError, type ViciErrorCode } from "./errors.ts";
export type { Message, Value } from "./message.ts";
export {
  connect,
  Session,
  type ConnectOptions,
  type EventStream,
  type RequestOptions,
  type ViciEvent,
} from "./session.ts";
