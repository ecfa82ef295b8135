import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

/** A file of the page, as a browser gets it. */
export interface PageFile {
  readonly type: string;
  readonly body: string;
}

const sources = join(import.meta.dirname, "../../page");
const built = join(import.meta.dirname, "page");
const isBuilt = existsSync(built);

const files: Readonly<
  Record<string, { readonly type: string; readonly body: () => Promise<string> }>
> = {
  "index.html": { type: "text/html", body: () => readFile(join(sources, "index.html"), "utf8") },
  "style.css": { type: "text/css", body: () => readFile(join(sources, "style.css"), "utf8") },
  "main.js": { type: "text/javascript", body: buildPage },
  "elk-worker.js": {
    type: "text/javascript",
    body: () =>
      readFile(createRequire(import.meta.url).resolve("elkjs/lib/elk-worker.min.js"), "utf8"),
  },
};

/** The names of all files of the page. */
export const pageFileNames = Object.keys(files);

/** A file of the page; undefined if it has no file of that name. A built page is read from its folder. */
export async function pageFile(name: string): Promise<PageFile | undefined> {
  const file = Object.hasOwn(files, name) ? files[name] : undefined;
  if (file === undefined) return undefined;
  const body = isBuilt ? readFile(join(built, name), "utf8") : file.body();
  return { type: file.type, body: await body };
}

/** Bundles the page's modules; at run time only if ipman runs from its sources. */
async function buildPage(): Promise<string> {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: [join(sources, "main.ts")],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    minify: true,
    legalComments: "none",
  });
  return outputFiles[0]?.text ?? "";
}
