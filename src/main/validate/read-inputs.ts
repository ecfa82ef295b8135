import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import { LocatedManifest } from "../../adapters/manifests/located-manifest.ts";
import { filesOf } from "../../adapters/manifests/read.ts";
import { errorText } from "../text/error-text.ts";

/**
 * Reads files, the `*.yaml` and `*.yml` of folders, and standard input (`-`), each once.
 *
 * @throws {Error} names the file that cannot be read
 */
export async function readInputs(inputs: readonly string[]): Promise<LocatedManifest[]> {
  const files = new Map(inputs.flatMap(filesAt).map((file) => [nameOf(file), file]));
  const manifests: LocatedManifest[] = [];
  for (const file of files.values()) {
    const isStandardInput = file === "-";
    const content = isStandardInput ? await text(process.stdin) : attempt(file, readFile);
    manifests.push(new LocatedManifest(isStandardInput ? "stdin" : file, content));
  }
  return manifests;
}

function filesAt(input: string): string[] {
  if (input === "-") return [input];
  if (!attempt(input, (path) => statSync(path).isDirectory())) return [input];
  const files = attempt(input, filesOf);
  if (files.length > 0) return files;
  throw new Error(`${input}: the folder has no *.yaml or *.yml`);
}

/** The same file may be named twice, or with its folder. */
function nameOf(file: string): string {
  return file === "-" ? file : resolve(file);
}

function readFile(path: string): string {
  return readFileSync(path, "utf8");
}

function attempt<T>(path: string, read: (path: string) => T): T {
  try {
    return read(path);
  } catch (cause) {
    throw new Error(`${path}: ${errorText(cause)}`, { cause });
  }
}
