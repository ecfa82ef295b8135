import { packageUrl, type Software } from "./software.ts";

/** A package of Debian, from its control file. The distribution is as in `debian-12`. */
export function debianSoftware(control: string, distribution: string): Software {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(control)?.[1];
  const name = field("Package");
  const version = field("Version");
  const arch = field("Architecture");
  if (name === undefined || version === undefined || arch === undefined) {
    throw new Error("a control file has Package, Version and Architecture");
  }
  // The version is there where it is not the package's own.
  const [, upstream = name, other] = /^(\S+)(?: \((.*)\))?$/.exec(field("Source") ?? name) ?? [];
  const isOther = upstream !== name || other !== undefined;
  return {
    name,
    version,
    purl: packageUrl(["deb", "debian", name], version, {
      arch,
      distro: distribution,
      ...(isOther ? { upstream: other === undefined ? upstream : `${upstream}@${other}` } : {}),
    }),
    licence: undefined,
    location: undefined,
    source: `built package from: ${upstream} ${other ?? version}`,
  };
}
