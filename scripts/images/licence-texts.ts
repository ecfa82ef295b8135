import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const names = /^(licen[cs]e|unlicense|copying|copyright|notice)/i;

/**
 * The licence texts of a package: its own, and those of the sources in its `vendor` folder.
 * A platform package of koffi gets koffi's texts.
 *
 * @throws if there is no text
 */
export function licenceTexts(folder: string): string {
  const vendor = join(folder, "vendor");
  const vendors = existsSync(vendor) ? readdirSync(vendor).map((name) => join(vendor, name)) : [];
  const platforms = folder.replace(/@koromix\/koffi-[^/]+$/, "koffi");
  const own = textsIn(folder);
  const found = own.length > 0 || platforms === folder ? own : textsIn(platforms);
  if (found.length === 0) throw new Error(`${folder} has no licence text: the image needs one`);
  return [...found, ...vendors.flatMap(textsIn)].join("\n\n");
}

function textsIn(folder: string): string[] {
  const files = readdirSync(folder, { withFileTypes: true }).filter(
    (entry) => entry.isFile() && names.test(entry.name),
  );
  return files
    .map(({ name }) => name)
    .sort()
    .map((name) => readFileSync(join(folder, name), "utf8").trimEnd())
    .filter(Boolean)
    .map((text) => `${text}\n`);
}
