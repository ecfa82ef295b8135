import { stringify } from "yaml";
import { textOption, UsageError, type Values } from "../options/command.ts";

export type Output = "text" | "json" | "yaml";

/** `-o`: for people unless it is given. @throws {UsageError} for anything else */
export function outputOf(values: Values): Output {
  const output = textOption(values, "output", "text");
  if (output === "text" || output === "json" || output === "yaml") return output;
  throw new UsageError("-o takes json or yaml");
}

/** A value as one line of JSON, or as a document of YAML. */
export function written(output: Exclude<Output, "text">, value: unknown): string {
  return output === "json" ? `${JSON.stringify(value)}\n` : `---\n${stringify(value)}`;
}
