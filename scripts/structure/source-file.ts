import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseSync, Visitor } from "oxc-parser";

/** A place in a source file; lines count from 1. */
export interface Place {
  readonly name: string;
  readonly line: number;
}

/** A function with a body, and the number of its lines. */
export interface LongPlace extends Place {
  readonly lines: number;
}

/** The facts about a module from which the structure of the repository is measured. */
export interface SourceFile {
  /** Relative to the repository, like all paths here. */
  readonly path: string;
  /** The repository's own modules that it imports, types included. */
  readonly imports: readonly string[];
  /** Interfaces, type aliases, classes and enums that it declares. */
  readonly types: readonly Place[];
  readonly functions: readonly LongPlace[];
  /** Spreads of literals into literals: `{ ...{ a: 1 } }`. */
  readonly uselessSpreads: readonly Place[];
}

/** The modules of `src` that are not tests, sorted. @throws if one does not parse */
export function readSourceTree(root: string): SourceFile[] {
  return globSync("src/**/*.ts", { cwd: root })
    .filter((path) => !/\.(test|fixture)\.ts$/.test(path))
    .toSorted()
    .map((path) => parseSource(path, readFileSync(join(root, path), "utf8")));
}

/** @throws if the text does not parse */
export function parseSource(path: string, text: string): SourceFile {
  const { program, module, errors } = parseSync(path, text);
  const [error] = errors;
  if (error !== undefined) throw new Error(`${path}: ${error.message}`);
  const requests = [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...module.staticExports.flatMap(({ entries }) =>
      entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? []),
    ),
    ...module.dynamicImports.map(({ moduleRequest: { start, end } }) =>
      text.slice(start + 1, end - 1),
    ),
  ];
  const own = requests.filter((request) => request.startsWith("."));
  const imports = own.map((request) => join(dirname(path), request));
  return { path, imports: [...new Set(imports)], ...declarations(program, text) };
}

type Program = ReturnType<typeof parseSync>["program"];

function declarations(program: Program, text: string) {
  const types: Place[] = [];
  const functions: LongPlace[] = [];
  const uselessSpreads: Place[] = [];
  const lineAt = lineCounter(text);
  const declares = ({ id }: { id: { name: string; start: number } | null }) => {
    if (id !== null) types.push({ name: id.name, line: lineAt(id.start) });
  };
  const measure = (node: { start: number; end: number; id?: { name: string } | null }) => {
    const line = lineAt(node.start);
    functions.push({ name: node.id?.name ?? "", line, lines: lineAt(node.end) - line + 1 });
  };
  new Visitor({
    TSInterfaceDeclaration: declares,
    TSTypeAliasDeclaration: declares,
    TSEnumDeclaration: declares,
    ClassDeclaration: declares,
    FunctionDeclaration: measure,
    FunctionExpression: measure,
    ArrowFunctionExpression: measure,
    SpreadElement: ({ argument, start }) => {
      if (argument.type === "ObjectExpression" || argument.type === "ArrayExpression")
        uselessSpreads.push({ name: argument.type, line: lineAt(start) });
    },
  }).visit(program);
  return { types, functions, uselessSpreads };
}

/** Returns the line of an offset. */
function lineCounter(text: string): (offset: number) => number {
  const starts = [0];
  for (const { index } of text.matchAll(/\n/g)) starts.push(index + 1);
  return (offset) => {
    let [low, high] = [0, starts.length];
    while (low + 1 < high) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? Infinity) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}
