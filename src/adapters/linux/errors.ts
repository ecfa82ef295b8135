import { constants } from "node:os";

const names = new Map<number, string>(
  Object.entries(constants.errno).map(([name, number]) => [number, name]),
);

/** `ENOENT` for 2. */
export function errnoName(errno: number): string {
  return names.get(errno) ?? `errno ${errno}`;
}

const transient: ReadonlySet<string> = new Set(["EAGAIN", "EBUSY", "EINTR", "ENOBUFS", "ENOMEM"]);

/** What the kernel refused, in its own words where it gave some. */
export class NetlinkError extends Error {
  override readonly name = "NetlinkError";
  /** What was attempted: `add link xfrm102`. */
  readonly op: string;
  /** The errno's name. */
  readonly code: string;
  /** True when the same request may succeed in a moment. */
  readonly retryable: boolean;

  constructor(op: string, errno: number, detail = "", options?: { cause?: unknown }) {
    const code = errnoName(errno);
    super(`${op}: ${code}${detail === "" ? "" : ` (${detail})`}`, options);
    this.op = op;
    this.code = code;
    this.retryable = transient.has(code);
  }
}
