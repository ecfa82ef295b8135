import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { licenceTexts } from "./licence-texts.ts";
import { readPackage } from "./read-package.ts";

/** Writes the licence texts of packages into a folder, one file per package: NAME@VERSION.txt. */
const [out, list] = process.argv.slice(2);
if (out === undefined || list === undefined) throw new Error("usage: write-licences.ts OUT LIST");

for (const folder of readFileSync(list, "utf8").split("\n").filter(Boolean)) {
  const { name, version } = readPackage(folder);
  const path = join(out, `${name}@${version}.txt`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, licenceTexts(folder));
}
