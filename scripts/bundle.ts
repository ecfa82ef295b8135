import { cpSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { build } from "esbuild";
import { pageFile, pageFileNames } from "../src/adapters/inspector/page-files.ts";
import { packageFolders } from "./images/package-folders.ts";

/**
 * Writes `ipman.js` and the files that it loads into a folder. Prints the folders of the packages
 * that it contains, one per line.
 */
const [out] = process.argv.slice(2);
if (out === undefined) throw new Error("name the folder to write");
const root = join(import.meta.dirname, "..");

const { metafile } = await build({
  absWorkingDir: root,
  metafile: true,
  entryPoints: { ipman: join(root, "bin/ipman") },
  loader: { "": "ts" },
  bundle: true,
  // A module for each command, so that a command loads only what it needs.
  splitting: true,
  platform: "node",
  target: "node24",
  format: "esm",
  outdir: out,
  // koffi finds its native library beside itself; only sources need esbuild.
  external: ["koffi", "esbuild"],
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "none",
  // CommonJS packages call require.
  banner: {
    js: 'import{createRequire as bundledRequire}from"node:module";const require=bundledRequire(import.meta.url);',
  },
});
mkdirSync(join(out, "page"));
for (const name of pageFileNames) {
  writeFileSync(join(out, "page", name), (await pageFile(name))?.body ?? "");
}
writeFileSync(join(out, "package.json"), '{"type":"module"}\n');

// Without the C++ sources, the documentation and the library for musl.
const native = `node_modules/@koromix/koffi-linux-${process.arch}`;
cpSync(join(root, "node_modules/koffi"), join(out, "node_modules/koffi"), {
  recursive: true,
  filter: (path) => statSync(path).isDirectory() || /\.(js|cjs|json)$/.test(path),
});
cpSync(join(root, native), join(out, native), {
  recursive: true,
  filter: (path) => !relative(root, path).includes("/musl_"),
});

// The page's modules import no package; its worker is elkjs.
const packages = [
  ...packageFolders(metafile),
  "node_modules/elkjs",
  "node_modules/koffi",
  native,
].sort();
process.stdout.write(`${packages.join("\n")}\n`);
