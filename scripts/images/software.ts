/** A piece of software that an image contains. */
export interface Software {
  readonly name: string;
  readonly version: string;
  /** The package URL, by which scanners find vulnerabilities. */
  readonly purl: string;
  /** An SPDX expression; undefined if only licence texts exist. */
  readonly licence: string | undefined;
  /** The URL that the build fetched it from. */
  readonly location: string | undefined;
  /** The hash of the fetched archive, in hexadecimal. */
  readonly sha512?: string;
  /** Its name in the National Vulnerability Database. */
  readonly cpe?: string;
  /** The source package, in the format that scanners parse. */
  readonly source?: string;
}

/** Formats a package URL, with the characters encoded that its specification does not exempt. */
export function packageUrl(
  path: readonly string[],
  version: string,
  qualifiers: Readonly<Record<string, string>> = {},
): string {
  const encode = (text: string) => encodeURIComponent(text).replaceAll("%3A", ":");
  const query = Object.entries(qualifiers)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${encode(value)}`)
    .join("&");
  const name = path.map(encode).join("/");
  return `pkg:${name}@${encode(version)}${query && `?${query}`}`;
}
