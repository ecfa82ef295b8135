import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { UsageError } from "./command.ts";

/**
 * The authority in a file, as PEM; undefined where none is named.
 *
 * @throws where it cannot be read, or is not a certificate
 */
export function clientAuthorityIn(file: string): string | undefined {
  if (file === "") return undefined;
  try {
    const text = readFileSync(file, "utf8");
    void new X509Certificate(text);
    return text;
  } catch (cause) {
    const { message } = cause as Error;
    throw new UsageError(
      `--client-authority ${file}: has to be a file with certificates as PEM: ${message}`,
      { cause },
    );
  }
}
