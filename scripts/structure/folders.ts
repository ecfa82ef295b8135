import { dirname } from "node:path";
import type { SourceFile } from "./source-file.ts";

/** A dependency: a file of one folder imports a file of another. */
export interface Arrow {
  readonly from: string;
  readonly to: string;
}

/** The folders of a source tree, and how they depend on each other. */
export interface Folders {
  /** Each folder with the number of its files. */
  readonly files: ReadonlyMap<string, number>;
  readonly arrows: readonly Arrow[];
  /** Folders that depend on each other, each group sorted. */
  readonly circles: readonly (readonly string[])[];
  /** The number of levels: a folder is above all folders that it imports, except in cycles. */
  readonly floors: number;
}

/** Adds up the imports of files between their folders. */
export function foldersOf(sources: readonly SourceFile[]): Folders {
  const files = new Map<string, number>();
  const targets = new Map<string, Set<string>>();
  for (const { path, imports } of sources) {
    const folder = dirname(path);
    files.set(folder, (files.get(folder) ?? 0) + 1);
    const known = targets.get(folder) ?? new Set();
    targets.set(folder, known);
    for (const target of imports.map((file) => dirname(file)))
      if (target !== folder) known.add(target);
  }
  const arrows = [...targets].flatMap(([from, some]) => [...some].map((to) => ({ from, to })));
  const groups = circlesIn(targets);
  return {
    files,
    arrows,
    circles: groups.filter((group) => group.length > 1),
    floors: floorsOf(groups, targets),
  };
}

type Targets = ReadonlyMap<string, ReadonlySet<string>>;

/** Strongly connected groups by Tarjan's algorithm, each after the groups that it depends on. */
export function circlesIn(targets: Targets): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const groups: string[][] = [];
  const visit = (node: string): number => {
    index.set(node, index.size);
    let lowest = index.size - 1;
    low.set(node, lowest);
    stack.push(node);
    for (const next of targets.get(node) ?? []) {
      if (!index.has(next)) lowest = Math.min(lowest, visit(next));
      else if (stack.includes(next)) lowest = Math.min(lowest, index.get(next) ?? lowest);
    }
    low.set(node, lowest);
    if (lowest === index.get(node)) groups.push(stack.splice(stack.indexOf(node)).toSorted());
    return lowest;
  };
  for (const node of targets.keys()) if (!index.has(node)) visit(node);
  return groups;
}

function floorsOf(groups: readonly (readonly string[])[], targets: Targets): number {
  const floor = new Map<string, number>();
  for (const group of groups) {
    const below = group.flatMap((folder) => [...(targets.get(folder) ?? [])]);
    const highest = Math.max(
      -1,
      ...below.filter((to) => !group.includes(to)).map((to) => floor.get(to) ?? 0),
    );
    for (const folder of group) floor.set(folder, highest + 1);
  }
  return Math.max(0, ...floor.values()) + 1;
}

const layers = ["src/main", "src/runtime", "src/machines", "src/adapters", "src/model"];

/** The layers that a layer may import. */
const below: Readonly<Record<string, readonly string[]>> = {
  "src/main": layers,
  "src/runtime": ["src/machines", "src/adapters", "src/model"],
  "src/machines": ["src/model"],
  "src/adapters": ["src/model"],
  "src/model": [],
};

/** The layer of a folder; undefined for folders beside the layers. */
export function layerOf(folder: string): string | undefined {
  return layers.find((layer) => folder === layer || folder.startsWith(`${layer}/`));
}

/** The dependencies between layers that violate their order. */
export function upward(arrows: readonly Arrow[]): Arrow[] {
  return arrows.filter(({ from, to }) => {
    const [upper, lower] = [layerOf(from), layerOf(to)];
    if (upper === undefined || lower === undefined || upper === lower) return false;
    return below[upper]?.includes(lower) !== true;
  });
}
