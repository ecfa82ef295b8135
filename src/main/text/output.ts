import { stringify } from "yaml";
import type { Output } from "./output-format.ts";

/** A value as one line of JSON, or as a YAML document. */
export function formatValue(output: Exclude<Output, "text">, value: unknown): string {
  return output === "json" ? `${JSON.stringify(value)}\n` : `---\n${stringify(value)}`;
}
