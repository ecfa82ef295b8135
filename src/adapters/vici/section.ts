import type { Message } from "vici-client";

type Member = Message[string];

/** Whether a member of a VICI message is a section. */
export function isSection(member: Member): member is Message {
  return typeof member === "object" && !Array.isArray(member) && !(member instanceof Uint8Array);
}

/** The sections among the members of a section. */
export function sectionsIn(section: Message | undefined): Message[] {
  return Object.values(section ?? {}).filter(isSection);
}

/** The section of that name; undefined if there is none. */
export function sectionIn(section: Message, name: string): Message | undefined {
  const member = section[name];
  return isSection(member) ? member : undefined;
}

/** The text of that name; undefined if there is none. */
export function textIn(section: Message, name: string): string | undefined {
  const member = section[name];
  return typeof member === "string" ? member : undefined;
}

const none: readonly string[] = [];

function isText(item: unknown): item is string {
  return typeof item === "string";
}

/** The texts of a list; empty if there is no list of that name. */
export function listIn(section: Message, name: string): readonly string[] {
  const member = section[name];
  if (!Array.isArray(member)) return none;
  return member.every(isText) ? member : member.filter(isText);
}

/** The number of that name; 0 if there is none, since charon leaves out what it does not count. */
export function numberIn(section: Message, name: string): number {
  const number = Number(section[name] ?? 0);
  return Number.isFinite(number) ? number : 0;
}

/** Whether the value of that name is `yes`. */
export function flagIn(section: Message, name: string): boolean {
  return section[name] === "yes";
}
