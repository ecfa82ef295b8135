import type { Problem } from "../../../model/api/result.ts";

/** The denial of an admission request, with a message for the author of the object. */
export class Denial extends Error {
  override readonly name = "Denial";
  /** The HTTP status of the answer. */
  readonly code: number;

  constructor(message: string, code = 403) {
    super(message);
    this.code = code;
  }
}

/** The message of a denial for problems of metadata, one a line. */
export function deniedBy(problems: readonly Problem[]): string {
  const lines = problems.map(({ path, message }) => `${path}: ${message}`);
  return `metadata.annotations: ${lines.join("\n")}`;
}
