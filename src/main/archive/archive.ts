import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { printable, printableLines } from "../../model/text/printable.ts";
import { withoutSecrets } from "./redact.ts";

const name = "ipman-gathered";

/** Whether a part of a path names a file or folder inside its parent. */
const isPlain = (part: string) =>
  part !== "" && part !== "." && part !== ".." && !part.includes("\0");

/** The archive's file, unless the command line names one. */
export const defaultArchive = `${name}.tar.gz`;

/**
 * Files that become a compressed tar archive for support. Everything that looks like a secret is
 * removed from each, and characters that control a terminal are escaped.
 */
export class Archive implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "ipman-gather-"));
  #files = 0;

  /**
   * Adds a file. If its text cannot be read, the file contains the error: the other files are
   * useful nonetheless.
   */
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

  /** Writes the archive; returns a line about it. */
  write(path: string): string {
    const out = resolve(path);
    execFileSync("tar", ["-czf", out, "-C", this.#folder, name]);
    return `${out}: ${this.#files} files; no Secret is among them\n`;
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}
