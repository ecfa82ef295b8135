import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { parseSegmentKey, SegmentKey, segmentKeyLength } from "../../model/network/segment-key.ts";
import { replaceFile } from "../files/replace-file.ts";

/**
 * Reads a host's segment key, and creates it if the file is missing. A key that cannot be stored
 * is reported, and used until the process ends.
 *
 * @throws {Error} naming the file, if it exists and contains no key
 */
export function segmentKeyFrom(path: string, onTrouble: (error: unknown) => void): SegmentKey {
  const text = textOf(path);
  if (text === undefined) return created(path, onTrouble);
  const key = parseSegmentKey(text);
  if (key !== undefined) return key;
  const remedy = "delete it, start ipman, and attach the workloads again";
  throw new Error(`${path} is not the base64 of ${segmentKeyLength} bytes; ${remedy}`);
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new Error(`${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

function created(path: string, onTrouble: (error: unknown) => void): SegmentKey {
  const bytes = randomBytes(segmentKeyLength);
  try {
    replaceFile(path, `${bytes.toString("base64")}\n`, 0o600);
  } catch (cause) {
    const message = `${path} cannot be written: after a restart the workloads have to be attached again`;
    onTrouble(new Error(message, { cause }));
  }
  return new SegmentKey(bytes);
}
