import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { avoidedWordsIn, textFiles } from "./avoided-words.ts";
import { circlesIn, foldersOf, layerOf, upward } from "./folders.ts";
import { readSourceTree, type Place, type SourceFile } from "./source-file.ts";

/** Prints the structure of the source tree, and every violation of the house rules. */
const root = join(import.meta.dirname, "../..");
const longest = 60;
const lines: string[] = [];
const say = (line: string) => void lines.push(line);

const sources = readSourceTree(root);
const folders = foldersOf(sources);

say("layer          folders  files  largest  arrows  circles  floors");
for (const [name, some] of Map.groupBy(sources, ({ path }) => layerOf(path) ?? "others")) {
  const paths = new Set(some.map(({ path }) => path));
  const inside = some.map((source) => ({
    ...source,
    imports: source.imports.filter((path) => paths.has(path)),
  }));
  const { files, arrows, circles, floors } = foldersOf(inside);
  const numbers = [
    files.size,
    some.length,
    Math.max(...files.values()),
    arrows.length,
    circles.length,
    floors,
  ];
  say([name.padEnd(13), ...numbers.map((number) => String(number).padStart(7))].join(" "));
}

function list(title: string, found: readonly string[]): void {
  say(`\n${title}: ${found.length}`);
  for (const one of found) say(`  ${one}`);
}

const place = ({ path }: SourceFile, { line, name }: Place) => `${path}:${line} ${name}`;

list("arrows", folders.arrows.map(({ from, to }) => `${from} -> ${to}`).toSorted());
list(
  "arrows that run up",
  upward(folders.arrows).map(({ from, to }) => `${from} -> ${to}`),
);
list(
  "circles of folders",
  folders.circles.map((circle) => circle.join(", ")),
);
const byFile = new Map(sources.map(({ path, imports }) => [path, new Set(imports)]));
const circles = circlesIn(byFile).filter((circle) => circle.length > 1);
list(
  "circles of files",
  circles.map((circle) => circle.join(", ")),
);
const types = sources.flatMap((source) =>
  source.types.map((type) => ({ name: type.name, at: place(source, type) })),
);
const twice = [...Map.groupBy(types, ({ name }) => name).values()].filter(
  (some) => some.length > 1,
);
list(
  "type names that are declared twice",
  twice.map((some) => some.map(({ at }) => at).join(", ")),
);
list(
  `functions above ${longest} lines`,
  sources.flatMap((source) =>
    source.functions
      .filter(({ lines }) => lines > longest)
      .map((one) => `${place(source, one)} ${one.lines}`),
  ),
);
list(
  "useless spreads",
  sources.flatMap((source) => source.uselessSpreads.map((one) => place(source, one))),
);

const texts = globSync(textFiles, { cwd: root }).toSorted();
const avoidances = texts.map((path) => ({
  folder: dirname(path),
  count: avoidedWordsIn(path, readFileSync(join(root, path), "utf8")).length,
}));
const byFolder = [...Map.groupBy(avoidances, ({ folder }) => folder)]
  .map(([folder, some]) => ({ folder, count: some.reduce((sum, { count }) => sum + count, 0) }))
  .filter(({ count }) => count > 0);
const total = byFolder.reduce((sum, { count }) => sum + count, 0);
say(`\navoided words: ${total}`);
for (const { folder, count } of byFolder) say(`  ${String(count).padStart(4)}  ${folder}`);

process.stdout.write(`${lines.join("\n")}\n`);
