import {
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  type Document,
  type Node,
} from "yaml";
import type { Resource, Snapshot, SourceProblem } from "../../model/api/resource.ts";
import { resourceOf } from "./read.ts";

/** A position in a file; both numbers count from one. */
export interface FilePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * The manifests of a text that remember their positions: each resource and each problem has
 * `FILE:LINE:COLUMN` as its source.
 */
export class LocatedManifest {
  readonly snapshot: Snapshot;
  readonly #file: string;
  readonly #lines = new LineCounter();
  readonly #places = new Map<
    string,
    { readonly position: FilePosition; readonly root?: unknown }
  >();

  constructor(file: string, text: string) {
    this.#file = file;
    const resources: Resource[] = [];
    const problems: SourceProblem[] = [];
    const options = { lineCounter: this.#lines, prettyErrors: false };
    const parsed = parseAllDocuments(text, options);
    for (const document of Array.isArray(parsed) ? parsed : []) {
      const found = this.#read(document);
      for (const item of found) {
        if ("message" in item) problems.push(item);
        else resources.push(item);
      }
    }
    this.snapshot = { resources, problems };
  }

  /** The position of a problem, as exact as its path allows; undefined for one of another file. */
  positionOf({ source, path }: SourceProblem): FilePosition | undefined {
    const place = this.#places.get(source);
    if (place === undefined) return undefined;
    const range = deepestNode(place.root, path)?.range;
    return range == null ? place.position : this.#position(range[0]);
  }

  #read(document: Document.Parsed): (Resource | SourceProblem)[] {
    if (document.errors.length > 0) {
      return document.errors.map(({ pos, message }) => {
        const source = this.#note(pos[0]);
        return { source, path: "", message: `is not valid YAML: ${message}` };
      });
    }
    const root = document.contents;
    const source = this.#note(root?.range?.[0] ?? 0, root);
    try {
      const value: unknown = document.toJS();
      return value === null || value === undefined ? [] : [resourceOf(source, value)];
    } catch (error) {
      // An alias of an anchor that is not there, or too many aliases.
      const { message } = error as Error;
      return [{ source, path: "", message: `is not valid YAML: ${message}` }];
    }
  }

  /** Remembers what is at an offset; returns its source. */
  #note(offset: number, root?: unknown): string {
    const position = this.#position(offset);
    const source = formatPosition(position);
    this.#places.set(source, { position, root });
    return source;
  }

  #position(offset: number): FilePosition {
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.#file, line: Math.max(line, 1), column: Math.max(col, 1) };
  }
}

/** `FILE:LINE:COLUMN`, which editors and terminals turn into links. */
export function formatPosition({ file, line, column }: FilePosition): string {
  return `${file}:${line}:${column}`;
}

/** The key or item at a path such as `spec.children.net.local_ips[0]`, or its nearest parent. */
function deepestNode(node: unknown, path: string): Node | undefined {
  if (path === "") return undefined;
  if (isMap(node)) {
    const pairs = node.items.flatMap(({ key, value }) => {
      const name = isScalar(key) ? String(key.value) : "";
      const isOnPath = name !== "" && (path === name || /^[.[]/.test(path.slice(name.length)));
      return isOnPath && path.startsWith(name) && isNode(key) ? [{ name, key, value }] : [];
    });
    // Keys may contain dots.
    const [longest] = pairs.toSorted((a, b) => b.name.length - a.name.length);
    if (longest === undefined) return undefined;
    const rest = path.slice(longest.name.length).replace(/^\./, "");
    return deepestNode(longest.value, rest) ?? longest.key;
  }
  if (isSeq(node)) {
    const [, place, rest = ""] = /^\[(\d+)\]\.?(.*)$/.exec(path) ?? [];
    const item = node.items[Number(place)];
    return isNode(item) ? (deepestNode(item, rest) ?? item) : undefined;
  }
  return undefined;
}
