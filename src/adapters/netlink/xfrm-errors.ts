import { readFileSync } from "node:fs";
import { inNamespace } from "../linux/namespace.ts";

/** Of the thread: /proc/net is that of the process, wherever its thread is. */
const file = "/proc/thread-self/net/xfrm_stat";

/**
 * How many packets a namespace's IPsec did not let through, by the kernel's names
 * (`XfrmInNoStates`, …: Documentation/networking/xfrm_proc.rst). Empty where the kernel does
 * not count (CONFIG_XFRM_STATISTICS).
 *
 * @param namespace a path; undefined for the process's own
 */
export function xfrmErrors(namespace: string | undefined): ReadonlyMap<string, number> {
  return errorsIn(inNamespace(namespace, readCounters));
}

function readCounters(): string {
  try {
    return readFileSync(file, "latin1");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

/** A counter a line, its name and its value with blanks between. */
export function errorsIn(text: string): ReadonlyMap<string, number> {
  return new Map(
    [...text.matchAll(/^(\w+)\s+(\d+)$/gm)].map(([, name = "", value]) => [name, Number(value)]),
  );
}
