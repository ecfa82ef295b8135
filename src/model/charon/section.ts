import { own } from "../value/own.ts";

/** A section of a VICI message: names, and what they stand for. */
export type Section = Readonly<Record<string, unknown>>;

export function isSection(value: unknown): value is Section {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The text of a name; undefined where there is none. */
export function textIn(section: Section, name: string): string | undefined {
  const value = own(section, name);
  return typeof value === "string" ? value : undefined;
}
