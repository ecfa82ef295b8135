import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { withoutSecrets } from "./redact.ts";

const name = "ipman-gathered";

/** Where an archive goes that nobody names a place for. */
export const defaultArchive = `${name}.tar.gz`;

/**
 * Files for who is asked for help, on their way into a compressed tar archive. Whatever looks
 * like a secret is taken out of each.
 */
export class Archive implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "ipman-gather-"));
  #files = 0;

  /** What cannot be had says so in its place: the rest is of use nonetheless. */
  async put(file: string, textOf: () => Promise<string>): Promise<string> {
    const text = await textOf().catch(String);
    const path = join(this.#folder, name, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, withoutSecrets(text));
    this.#files++;
    process.stderr.write(`gather: ${file}\n`);
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
