import type { PackageJson } from "./read-package.ts";
import { packageUrl, type Software } from "./software.ts";

const node = /^node-linux-/;

/**
 * An npm package, with its hash from the lockfile. The package that contains Node is listed as Node,
 * which scanners know.
 */
export function npmSoftware(
  { name, version, license }: PackageJson,
  integrity: string | undefined,
): Software {
  const [, base64] = /^sha512-([\w+/]+=*)$/.exec(integrity ?? "") ?? [];
  if (base64 === undefined) throw new Error(`the lockfile has no sha512 of ${name}@${version}`);
  const isNode = node.test(name);
  const file = name.slice(name.lastIndexOf("/") + 1);
  return {
    name: isNode ? "node" : name,
    version,
    purl: packageUrl(isNode ? ["generic", "node"] : ["npm", ...name.split("/")], version),
    licence: license,
    location: `https://registry.npmjs.org/${name}/-/${file}-${version}.tgz`,
    sha512: Buffer.from(base64, "base64").toString("hex"),
    ...(isNode && { cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*` }),
  };
}
