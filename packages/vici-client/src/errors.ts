/**
 * Why an operation failed.
 *
 * - `connect`: the socket could not be opened
 * - `closed`: the connection ended before the answer came
 * - `timeout`: no reply within the deadline; the connection was closed
 * - `malformed`: the bytes are not valid VICI
 * - `too-large`: a name, value or message beyond the protocol's limits
 * - `unknown-command`, `unknown-event`: this version of charon does not have it
 * - `refused`: charon answered `success: no`; the message is its `errmsg`
 */
export type ViciErrorCode =
  | "connect"
  | "closed"
  | "timeout"
  | "malformed"
  | "too-large"
  | "unknown-command"
  | "unknown-event"
  | "refused";

const retryable: ReadonlySet<ViciErrorCode> = new Set(["connect", "closed", "timeout"]);

/** The error that this package throws and rejects with. */
export class ViciError extends Error {
  override readonly name = "ViciError";
  /** The operation that failed: a command, an event, `connect`, `encode` or `decode`. */
  readonly op: string;
  readonly code: ViciErrorCode;
  /** Whether the same call may succeed on a new connection. */
  readonly retryable: boolean;

  constructor(op: string, code: ViciErrorCode, message: string, options?: { cause?: unknown }) {
    super(`${op}: ${message}`, options);
    this.op = op;
    this.code = code;
    this.retryable = retryable.has(code);
  }
}
