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
 * Writes a file as a whole, and creates its folder if it is missing. A reader never sees a part
 * of it, not even after a power failure. Other users may be able to write to the folder, so the
 * name of the temporary file is random, and symbolic links are not followed.
 */
export function replaceFile(path: string, text: string, mode: number): void {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true });
  const next = `${path}.${randomBytes(8).toString("hex")}.new`;
  const fd = openSync(next, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, mode);
  try {
    try {
      // Regardless of the process's umask: charon reads some of these files as another user.
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

/** Removes the temporary files of a process that was killed while it wrote the file. */
export function removeUnfinished(path: string): void {
  const name = basename(path);
  const isUnfinished = (other: string) =>
    other.startsWith(`${name}.`) && /^\.[0-9a-f]{16}\.new$/.test(other.slice(name.length));
  try {
    for (const other of readdirSync(dirname(path)).filter(isUnfinished))
      rmSync(join(dirname(path), other), { force: true });
  } catch {
    // The folder does not exist yet, or is read-only: the temporary files do no harm.
  }
}

/** Makes a rename durable. Some file systems do not support this, and do not need it. */
function syncFolder(folder: string): void {
  try {
    const fd = openSync(folder, O_RDONLY | O_DIRECTORY);
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch {
    // The file itself is complete.
  }
}
