import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A file of an image: its mode as `ls` writes it, such as `-rwxr-xr-x`. */
interface ImageFile {
  readonly path: string;
  readonly mode: string;
}

interface Config {
  readonly created: string;
  readonly config: { readonly User?: string; readonly Labels: Readonly<Record<string, string>> };
  readonly rootfs: { readonly diff_ids: readonly string[] };
}

/** An image from its archive, with its layers unpacked over each other in `root`. */
export interface OpenImage {
  readonly root: string;
  readonly config: Config;
  readonly files: readonly ImageFile[];
}

/** Unpacks an archive into a folder, which must be new. */
export function openImage(archive: string, folder: string): OpenImage {
  const parts = join(folder, "parts");
  const root = join(folder, "root");
  for (const made of [parts, root]) mkdirSync(made, { recursive: true });
  execFileSync("tar", ["-C", parts, "-xf", archive]);
  const [manifest] = JSON.parse(readFileSync(join(parts, "manifest.json"), "utf8")) as [
    { Config: string; Layers: string[] },
  ];
  const files = manifest.Layers.flatMap((layer) => {
    execFileSync("tar", ["-C", root, "-xf", join(parts, layer)]);
    return listed(join(parts, layer));
  });
  const config = JSON.parse(readFileSync(join(parts, manifest.Config), "utf8")) as Config;
  return { root, config, files };
}

function listed(layer: string): ImageFile[] {
  const text = execFileSync("tar", ["-tvf", layer], { encoding: "utf8", maxBuffer: 1e8 });
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [mode = "", , , , , path = ""] = line.split(/\s+/);
      return { mode, path };
    });
}
