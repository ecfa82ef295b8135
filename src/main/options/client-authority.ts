import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { errorText } from "../text/error-text.ts";
import { UsageError, type CommandOption } from "./option.ts";

/** The certificates of an authority in a file, as PEM; undefined if no file is named. */
export const clientAuthority: CommandOption<string | undefined> = {
  flags: "--client-authority <file>",
  help: "certificates of the authority that signs the API server's client certificate",
  fallback: undefined,
  offers: "files",
  parse: (file) => (file === "" ? undefined : certificatesIn(file)),
};

function certificatesIn(file: string): string {
  const refused = (reason: string, cause: unknown) =>
    new UsageError(`must be a file with certificates as PEM: ${file}: ${reason}`, { cause });
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw refused(errorText(cause), cause);
  }
  try {
    void new X509Certificate(text);
  } catch (cause) {
    throw refused("it has no certificate", cause);
  }
  return text;
}
