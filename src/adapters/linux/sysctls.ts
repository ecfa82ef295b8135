import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { systemCall } from "./errors.ts";
import { inNamespace } from "./namespace.ts";

/** Reads and writes the network settings of a namespace: the files below `/proc/sys/net`. */
export interface Sysctls {
  /**
   * Returns the values of those settings that the kernel has: one without IPv6 lacks IPv6's.
   *
   * @param namespace a path; undefined for the process's own
   * @param names with slashes: `ipv4/ip_forward`
   */
  readonly read: (
    namespace: string | undefined,
    names: readonly string[],
  ) => ReadonlyMap<string, string>;
  /** @throws {NetlinkError} at the first setting that cannot be written */
  readonly write: (
    namespace: string | undefined,
    settings: readonly (readonly [name: string, value: string])[],
  ) => void;
}

/** The settings of this machine's kernel. */
export const linuxSysctls: Sysctls = {
  read: (namespace, names) =>
    inNamespace(
      namespace,
      () => new Map(names.filter((name) => existsSync(fileOf(name))).map(readSetting)),
    ),
  write: (namespace, settings) =>
    inNamespace(namespace, () => {
      for (const [name, value] of settings)
        systemCall(`set ${sysctlName(name)}`, () => writeFileSync(fileOf(name), value));
    }),
};

/** The name as sysctl(8) prints it: `net.ipv4.ip_forward`. */
export function sysctlName(name: string): string {
  return `net.${name.replaceAll("/", ".")}`;
}

function readSetting(name: string): readonly [string, string] {
  const text = systemCall(`read ${sysctlName(name)}`, () => readFileSync(fileOf(name), "utf8"));
  return [name, text.trim()];
}

function fileOf(name: string): string {
  return `/proc/sys/net/${name}`;
}
