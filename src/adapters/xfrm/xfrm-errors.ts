import { existsSync, readFileSync } from "node:fs";
import { systemCall } from "../linux/errors.ts";
import { inNamespace } from "../linux/namespace.ts";

/** The thread's file: /proc/net is the process's, whichever namespace its thread is in. */
const file = "/proc/thread-self/net/xfrm_stat";

/**
 * Counts the packets that IPsec dropped in a namespace, by the kernel's names (`XfrmInNoStates`,
 * …: Documentation/networking/xfrm_proc.rst). Empty if the kernel does not count
 * (CONFIG_XFRM_STATISTICS).
 *
 * @param namespace a path; undefined for the process's own
 * @throws {NetlinkError}
 */
export function xfrmErrors(namespace: string | undefined): ReadonlyMap<string, number> {
  return errorsIn(inNamespace(namespace, readCounters));
}

function readCounters(): string {
  return existsSync(file) ? systemCall(`read ${file}`, () => readFileSync(file, "latin1")) : "";
}

/** Reads one counter per line: its name and its value, with blanks between. */
export function errorsIn(text: string): ReadonlyMap<string, number> {
  return new Map(
    [...text.matchAll(/^(\w+)\s+(\d+)$/gm)].map(([, name = "", value]) => [name, Number(value)]),
  );
}
