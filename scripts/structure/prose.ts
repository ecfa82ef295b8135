import { parseSync, Visitor } from "oxc-parser";

/** A text that people read, at its offset in a file. */
export interface Prose {
  readonly text: string;
  readonly offset: number;
}

/** The prose of a file: comments and strings of TypeScript, the text of Markdown, other files as a whole. */
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
