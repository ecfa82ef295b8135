import { packageUrl, type Software } from "./software.ts";

/** A Debian package, from its control file. The distribution has the form `debian-12`. */
export function debianSoftware(control: string, distribution: string): Software {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(control)?.[1];
  const name = field("Package");
  const version = field("Version");
  const arch = field("Architecture");
  if (name === undefined || version === undefined || arch === undefined) {
    throw new Error("a control file needs Package, Version and Architecture");
  }
  // `Source` has a version only if it differs from the package's.
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
