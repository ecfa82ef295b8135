import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { sh } from "../sites/shell.ts";

/** As in fetch.sh. */
const cache =
  process.env["IPMAN_CACHE"] ??
  join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "ipman");

/**
 * The file tree of a peer: the packages that fetch.sh unpacked, and above them the files that the
 * peer writes. /run, /dev and one more folder are the machine's.
 */
export class PeerRoot implements Disposable {
  readonly path: string;

  constructor(name: string, shared: string) {
    const lower = join(cache, "peers", name);
    if (!existsSync(lower)) throw new Error(`${lower} does not exist: run lab/peers/fetch.sh`);
    mkdirSync("/run/peers", { recursive: true });
    const own = mkdtempSync(join("/run/peers", `${name}-`));
    this.path = join(own, "root");
    const [upper, work] = [join(own, "upper"), join(own, "work")];
    for (const folder of [this.path, upper, work]) mkdirSync(folder);
    const layers = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
    sh("mount", "-t", "overlay", "overlay", "-o", layers, this.path);
    sh("mount", "-t", "proc", "proc", join(this.path, "proc"));
    for (const folder of ["/dev", "/run", shared]) {
      this.folder(folder);
      sh("mount", "--bind", folder, join(this.path, folder));
    }
    this.folder("/var");
    sh("ln", "-sfn", "../run", join(this.path, "var/run"));
  }

  /** The upstream version of one of its packages. */
  version(name: string): string {
    const text = readFileSync(join(this.path, "var/lib/dpkg/status.d", name), "utf8");
    const [, version = ""] = /^Version: (?:\d+:)?([^-+~\s]+)/m.exec(text) ?? [];
    return version;
  }

  /** Writes a file that only root may read. */
  write(path: string, text: string): void {
    this.folder(dirname(path));
    const file = join(this.path, path);
    writeFileSync(file, text);
    chmodSync(file, 0o600);
  }

  /** Creates a folder with its parents. */
  folder(path: string): void {
    mkdirSync(join(this.path, path), { recursive: true });
  }

  /** Runs a command in the root and returns its output. */
  run(...command: string[]): string {
    return sh("chroot", this.path, ...command);
  }

  [Symbol.dispose](): void {
    sh("umount", "--recursive", "--lazy", this.path);
  }
}
