import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;

/**
 * Writes a file as a whole, and its folder where there is none: a reader never sees half of it,
 * not even after a power failure. Others may write into the folder: the name of the file that is
 * written first cannot be foreseen, and no symbolic link is followed.
 */
export function replaceFile(path: string, text: string, mode: number): void {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true });
  const next = `${path}.${randomBytes(8).toString("hex")}.new`;
  const fd = openSync(next, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, mode);
  try {
    try {
      // Whatever the process's umask is: charon reads some of them as another user.
      fchmodSync(fd, mode);
      writeFileSync(fd, text);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(next, path);
  } catch (error) {
    rmSync(next, { force: true });
    throw error;
  }
  syncFolder(folder);
}

/** Removes what a process that was killed while it wrote the file left of it. */
export function removeUnfinished(path: string): void {
  const name = basename(path);
  const isUnfinished = (other: string) =>
    other.startsWith(`${name}.`) && /^\.[0-9a-f]{16}\.new$/.test(other.slice(name.length));
  try {
    for (const other of readdirSync(dirname(path)).filter(isUnfinished))
      rmSync(join(dirname(path), other), { force: true });
  } catch {
    // The folder does not exist yet, or is read-only: what is left does no harm.
  }
}

/** Makes the new name of a file last. Some file systems cannot, and need not. */
function syncFolder(folder: string): void {
  try {
    const fd = openSync(folder, O_RDONLY | O_DIRECTORY);
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch {
    // The file itself is as it should be.
  }
}
