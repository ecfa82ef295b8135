/** A piece of software that an image contains. */
export interface Software {
  readonly name: string;
  readonly version: string;
  /** Its package URL; scanners find vulnerabilities by it. */
  readonly purl: string;
  /** An SPDX expression; undefined where only texts say it. */
  readonly licence: string | undefined;
  /** Where it was fetched from. */
  readonly location: string | undefined;
  /** Of the archive that was fetched, in hexadecimal. */
  readonly sha512?: string;
  /** Its name in the National Vulnerability Database. */
  readonly cpe?: string;
  /** The source package, as scanners read it. */
  readonly source?: string;
}

/** A package URL. It encodes everything but what the specification leaves as it is. */
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
