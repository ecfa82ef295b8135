import { constants } from "node:os";

/** Second names of an errno on Linux: of EAGAIN, and of EOPNOTSUPP. */
const aliases: ReadonlySet<string> = new Set(["EWOULDBLOCK", "ENOTSUP"]);

const names = new Map<number, string>(
  Object.entries(constants.errno)
    .filter(([name]) => !aliases.has(name))
    .map(([name, number]) => [number, name]),
);

/** The symbolic name of an errno: `ENOENT` for 2. */
export function errnoName(errno: number): string {
  return names.get(errno) ?? `errno ${errno}`;
}

const transient: ReadonlySet<string> = new Set(["EAGAIN", "EBUSY", "EINTR", "ENOBUFS", "ENOMEM"]);

/** A request or system call that the kernel refused, with the kernel's own text if it gave one. */
export class NetlinkError extends Error {
  override readonly name = "NetlinkError";
  /** The operation that failed: `add xfrm link xfrm102`. */
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

/**
 * Runs file system calls of Node's as one operation.
 *
 * @throws {NetlinkError} in place of Node's system error, which becomes its cause
 */
export function systemCall<T>(op: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    const { errno } = error as NodeJS.ErrnoException;
    if (errno === undefined) throw error;
    // libuv negates the kernel's numbers; Node's own checks do not.
    throw new NetlinkError(op, Math.abs(errno), "", { cause: error });
  }
}
