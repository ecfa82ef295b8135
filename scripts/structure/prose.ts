import { basename } from "node:path";
import { parseSync, Visitor } from "oxc-parser";

/** A text that people read, at its offset in a file. */
export interface Prose {
  readonly text: string;
  readonly offset: number;
}

/**
 * The comments and strings of a module, the text of a Markdown page, or a whole file of another
 * kind.
 */
export function proseOf(path: string, text: string): Prose[] {
  if (path.endsWith(".ts")) return [...commentsOf(path, text), ...stringsOf(path, text)];
  return [{ text: path.endsWith(".md") ? withoutCode(text) : text, offset: 0 }];
}

/** The comments of a module, without their delimiters. */
function commentsOf(path: string, text: string): Prose[] {
  return parseSync(path, text).comments.map(({ type, value, start }) => ({
    text: type === "Block" ? value.replaceAll(/(^|\n)[ *]*/g, blank) : value,
    offset: start + 2,
  }));
}

/** The strings of a module, also those in templates, but not the names of imported modules. */
function stringsOf(path: string, text: string): Prose[] {
  const found: Prose[] = [];
  const imported = new Set<number>();
  const skip = ({ source }: { readonly source?: { readonly start: number } | null }) => {
    if (source) imported.add(source.start);
  };
  new Visitor({
    ImportDeclaration: skip,
    ExportNamedDeclaration: skip,
    ImportExpression: skip,
    Literal: ({ value, start }) => {
      if (typeof value === "string" && !imported.has(start))
        found.push({ text: value, offset: start + 1 });
    },
    TemplateElement: ({ value, start }) => {
      found.push({ text: value.cooked ?? value.raw, offset: start + 1 });
    },
  }).visit(parseSync(path, text).program);
  return found;
}

/** Markdown with code, link targets and HTML comments blanked, so that offsets stay the same. */
function withoutCode(text: string): string {
  return text
    .replaceAll(/^( *)```[^]*?^ *```$/gm, blank)
    .replaceAll(/`[^`]*`/g, blank)
    .replaceAll(/\]\([^)]*\)/g, blank);
}

function blank(text: string): string {
  return text.replaceAll(/[^\n]/g, " ");
}

/** The names that a module declares, and the name of its file, each as words. */
export function namesOf(path: string, text: string): Prose[] {
  if (!path.endsWith(".ts")) return [];
  const found: Prose[] = [{ text: wordsOf(basename(path, ".ts")), offset: 0 }];
  const add = ({ name, start }: { readonly name: string; readonly start: number }) => {
    found.push({ text: wordsOf(name), offset: start });
  };
  const addId = ({ id }: { readonly id: Id | null }) => {
    if (id !== null) add(id);
  };
  const addKey = ({ key }: { readonly key: { readonly type: string; readonly start: number } }) => {
    if ("name" in key && typeof key.name === "string") add({ name: key.name, start: key.start });
  };
  new Visitor({
    FunctionDeclaration: addId,
    ClassDeclaration: addId,
    TSInterfaceDeclaration: addId,
    TSTypeAliasDeclaration: addId,
    VariableDeclarator: ({ id }) => {
      if (id.type === "Identifier") add(id);
    },
    MethodDefinition: addKey,
    PropertyDefinition: addKey,
    TSPropertySignature: addKey,
  }).visit(parseSync(path, text).program);
  return found;
}

type Id = { readonly name: string; readonly start: number };

/** `child ref key` for `childRefKey` and for `child-ref-key`. */
function wordsOf(name: string): string {
  return name
    .replaceAll(/([a-z\d])([A-Z])/g, "$1 $2")
    .replaceAll(/[-_.]/g, " ")
    .toLowerCase();
}
