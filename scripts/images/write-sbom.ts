import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs, parseEnv } from "node:util";
import { debianSoftware } from "./debian-software.ts";
import { npmSoftware } from "./npm-software.ts";
import { readPackage } from "./read-package.ts";
import { spdxDocument } from "./spdx-document.ts";

/** Prints the contents of an image: Debian packages of a file tree, npm packages of a list. */
const { values } = parseArgs({
  options: {
    name: { type: "string", default: "" },
    version: { type: "string", default: "" },
    created: { type: "string", default: "0" },
    root: { type: "string", default: "" },
    bundled: { type: "string", default: "" },
  },
});

const system = parseEnv(readFileSync(join(values.root, "usr/lib/os-release"), "utf8"));
// Debian testing has a code name and no number yet.
const { ID = "", VERSION_CODENAME = "", VERSION_ID = VERSION_CODENAME } = system;
const status = join(values.root, "var/lib/dpkg/status.d");
const debian = readdirSync(status)
  .sort()
  .map((name) => debianSoftware(readFileSync(join(status, name), "utf8"), `${ID}-${VERSION_ID}`));

const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as {
  packages: Record<string, { integrity?: string }>;
};
const npm = readFileSync(values.bundled, "utf8")
  .split("\n")
  .filter(Boolean)
  .map((folder) => npmSoftware(readPackage(folder), lock.packages[folder]?.integrity));

const image = {
  name: values.name,
  version: values.version,
  created: new Date(Number(values.created) * 1_000),
  system: { name: ID, version: VERSION_ID },
};
process.stdout.write(`${JSON.stringify(spdxDocument(image, [...debian, ...npm]), null, 2)}\n`);
