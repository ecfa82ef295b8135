import type { Message, Value } from "./message.ts";
import { copyOf } from "./names.ts";

export type Member = Value | Value[] | Message;

type Members = Record<string, Member>;

/** The names of a section, in order. */
interface Shape {
  readonly names: readonly string[];
  /** A section with these names; undefined until a second section has them. */
  template: Members | undefined;
}

/**
 * V8 turns an object into a hash table if more members than this are added one by one (its soft
 * limit for keyed stores is 12, in addition to 4 inside the object).
 */
const few = 16;

/** More than the number of charon's sections with that many members. */
const mostShapes = 64;

const shapes = new Map<number, Shape>();

/**
 * The section with the names and members from index `base` on. A section with many members is a
 * filled copy of another with the same names: creating and reading it takes half the time that a
 * hash table takes.
 */
export function sectionOf(
  names: readonly string[],
  members: readonly Member[],
  base: number,
): Members {
  const section = names.length - base <= few ? {} : blankOf(names, base);
  for (let i = base; i < names.length; i++) put(section, names[i] as string, members[i] as Member);
  return section;
}

function blankOf(names: readonly string[], base: number): Members {
  const hash = hashOf(names, base);
  const shape = shapes.get(hash);
  if (shape !== undefined && isOf(shape, names, base)) {
    shape.template ??= templateOf(shape.names);
    return { ...shape.template };
  }
  // Names that do not recur are useless.
  if (shapes.size >= mostShapes) shapes.clear();
  shapes.set(hash, { names: names.slice(base).map(copyOf), template: undefined });
  return {};
}

function isOf(shape: Shape, names: readonly string[], base: number): boolean {
  if (shape.names.length !== names.length - base) return false;
  for (let i = base; i < names.length; i++) if (shape.names[i - base] !== names[i]) return false;
  return true;
}

/** A hash of the number of names, their lengths and their first characters. */
function hashOf(names: readonly string[], base: number): number {
  let hash = names.length - base;
  for (let i = base; i < names.length; i++) {
    const name = names[i] as string;
    hash = (hash * 31 + name.length * 17 + name.charCodeAt(0)) | 0;
  }
  return hash;
}

/** The JSON parser creates no hash table for an object, however many members it has. */
function templateOf(names: readonly string[]): Members {
  const members = names.map((name) => `${JSON.stringify(name)}:""`);
  return JSON.parse(`{${members.join()}}`) as Members;
}

function put(section: Members, name: string, value: Member): void {
  // An assignment to this name would set the prototype instead of a member.
  if (name === "__proto__") {
    Object.defineProperty(section, name, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  } else section[name] = value;
}
