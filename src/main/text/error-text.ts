import { own } from "../../model/value/own.ts";

/** The texts for error codes of the operating system, instead of Node's own. */
const meanings: Readonly<Record<string, string>> = {
  ENOENT: "no such file or folder",
  ENOTDIR: "a part of the path is not a folder",
  EISDIR: "is a folder",
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  EADDRINUSE: "the address is in use by another process",
  EADDRNOTAVAIL: "this machine does not have the address",
  ENOTFOUND: "the name cannot be resolved",
  ENOSPC: "no space left on the device",
  EROFS: "the file system is read-only",
};

/** Describes an error to a person: the file or address, and the cause. */
export function describeError(error: unknown): string {
  const { address, port, path } = error as NodeJS.ErrnoException & SocketAddress;
  const text = errorText(error);
  if (text === (error as Error).message) return text;
  if (address !== undefined) return `${address}${port === undefined ? "" : `:${port}`}: ${text}`;
  return path === undefined ? text : `${path}: ${text}`;
}

interface SocketAddress {
  readonly address?: string;
  readonly port?: number;
}

/** The cause of an error, without the name of the file or address. */
export function errorText(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return (typeof code === "string" ? own(meanings, code) : undefined) ?? message;
}
