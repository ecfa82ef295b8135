import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { printable, printableLines } from "../../model/text/printable.ts";
import { withoutSecrets } from "./redact.ts";

const name = "ipman-gathered";

/** A part of a path that leads nowhere else. */
const isPlain = (part: string) =>
  part !== "" && part !== "." && part !== ".." && !part.includes("\0");

/** Where an archive goes that nobody names a place for. */
export const defaultArchive = `${name}.tar.gz`;

/**
 * Files for who is asked for help, on their way into a compressed tar archive. Whatever looks
 * like a secret is taken out of each, and what a terminal would act upon is written out.
 */
export class Archive implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "ipman-gather-"));
  #files = 0;

  /** What cannot be had says so in its place: the rest is of use nonetheless. */
  async put(file: string, textOf: () => Promise<string>): Promise<string> {
    const text = await textOf().catch(String);
    if (!file.split("/").every(isPlain))
      throw new Error(`"${file}" is not a path within the archive: a part of it is empty or dots`);
    const path = join(this.#folder, name, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, printableLines(withoutSecrets(text)));
    this.#files++;
    process.stderr.write(`gather: ${printable(file)}\n`);
    return text;
  }

  /** Packs what there is, and says so. */
  write(path: string): string {
    const out = resolve(path);
    execFileSync("tar", ["-czf", out, "-C", this.#folder, name]);
    return `${out}: ${this.#files} files; no Secret is among them\n`;
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}
