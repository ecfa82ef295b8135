import { createHash } from "node:crypto";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { imageConfig, type ImageSettings } from "./image-config.ts";

/** Writes the files of a `docker save` archive into a folder, from a configuration and layers. */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    settings: { type: "string", default: "" },
    created: { type: "string", default: "0" },
    revision: { type: "string", default: "" },
  },
});
const [out = "", reference = "", ...layers] = positionals;

const digests = layers.map((layer) => {
  const digest = createHash("sha256").update(readFileSync(layer)).digest("hex");
  copyFileSync(layer, join(out, `${digest}.tar`));
  return digest;
});
const build = {
  version: reference.slice(reference.lastIndexOf(":") + 1),
  created: new Date(Number(values.created) * 1_000),
  revision: values.revision,
  architecture: process.arch,
};
const settings = JSON.parse(readFileSync(values.settings, "utf8")) as ImageSettings;
const files = {
  "config.json": imageConfig(settings, build, digests),
  "manifest.json": [
    {
      Config: "config.json",
      RepoTags: [reference],
      Layers: digests.map((digest) => `${digest}.tar`),
    },
  ],
};
for (const [name, content] of Object.entries(files)) {
  writeFileSync(join(out, name), `${JSON.stringify(content)}\n`);
}
