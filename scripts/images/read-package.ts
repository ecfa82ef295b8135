import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The fields of a package.json that the list of an image's contents needs. */
export interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly license: string | undefined;
}

/**
 * Reads the package.json of a folder.
 *
 * @throws if it has no name or no version
 */
export function readPackage(folder: string): PackageJson {
  const path = join(folder, "package.json");
  const { name, version, license } = JSON.parse(readFileSync(path, "utf8")) as Partial<
    Record<string, unknown>
  >;
  if (typeof name !== "string" || typeof version !== "string") {
    throw new Error(`${path}: a package needs a name and a version`);
  }
  return { name, version, license: typeof license === "string" ? license : undefined };
}
