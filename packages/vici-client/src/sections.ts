import type { Message, Value } from "./message.ts";
import { copyOf } from "./names.ts";

export type Member = Value | Value[] | Message;

type Members = Record<string, Member>;

/** Sections that had the same names in the same order. */
interface Shape {
  readonly names: readonly string[];
  /** With these names; undefined until a second section has them. */
  template: Members | undefined;
}

/**
 * V8 makes a hash table of an object that gets more members than this one by one (its soft limit
 * for keyed stores is 12, beside 4 within the object).
 */
const few = 16;

/** Many more than charon has sections with so many members. */
const mostShapes = 64;

const shapes = new Map<number, Shape>();

/**
 * The section with those names and members, from `base` on. One with many is a copy of another
 * with the same names, filled: it takes half the time of a hash table, to make and to read.
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
  // Names that are never seen again are of no use.
  if (shapes.size >= mostShapes) shapes.clear();
  shapes.set(hash, { names: names.slice(base).map(copyOf), template: undefined });
  return {};
}

function isOf(shape: Shape, names: readonly string[], base: number): boolean {
  if (shape.names.length !== names.length - base) return false;
  for (let i = base; i < names.length; i++) if (shape.names[i - base] !== names[i]) return false;
  return true;
}

/** Told apart by how many there are, how long they are, and how they begin. */
function hashOf(names: readonly string[], base: number): number {
  let hash = names.length - base;
  for (let i = base; i < names.length; i++) {
    const name = names[i] as string;
    hash = (hash * 31 + name.length * 17 + name.charCodeAt(0)) | 0;
  }
  return hash;
}

/** JSON's own parser makes no hash table of an object, however many members it has. */
function templateOf(names: readonly string[]): Members {
  const members = names.map((name) => `${JSON.stringify(name)}:""`);
  return JSON.parse(`{${members.join()}}`) as Members;
}

function put(section: Members, name: string, value: Member): void {
  // A plain assignment to this name would set the prototype instead of a member.
  if (name === "__proto__") {
    Object.defineProperty(section, name, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  } else section[name] = value;
}
