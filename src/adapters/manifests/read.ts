import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { apiGroup } from "../../model/api/schema/api-group.ts";
import {
  resourceKey,
  type Resource,
  type Snapshot,
  type SourceProblem,
} from "../../model/api/resource.ts";
import { ProblemList } from "../../model/validation/problem-list.ts";
import { kinds, type Kind } from "../../model/api/resource.ts";

/** Reads the manifests in one file, and the problems of its YAML. */
export function readManifest(
  path: string,
  text = readFileSync(path, "utf8"),
  writtenAt?: Date,
): Snapshot {
  const resources: Resource[] = [];
  const problems = new ProblemList();
  const parsed = parseAllDocuments(text);
  const malformed = ({ message }: Error) =>
    problems.add("", `not valid YAML: ${firstLine(message)}`);
  for (const document of Array.isArray(parsed) ? parsed : []) {
    document.errors.forEach(malformed);
    if (document.errors.length > 0) continue;
    let value: unknown;
    try {
      value = document.toJS();
    } catch (error) {
      // An alias without an anchor, or too many aliases.
      malformed(error as Error);
    }
    if (value === null || value === undefined) continue;
    const found = resourceOf(path, value);
    if ("message" in found) problems.add(found.path, found.message);
    else resources.push(writtenAt === undefined ? found : dated(found, writtenAt));
  }
  return {
    resources,
    problems: problems.toArray().map((problem) => ({ source: path, ...problem })),
  };
}

/**
 * Returns a function that reads the manifests in every `*.yaml` and `*.yml` of a folder, in the
 * order of the file names. Resources of a file that did not change stay the same objects.
 */
export function folderReader(folder: string): () => Snapshot {
  let known = new Map<string, Snapshot>();
  return () => {
    const read = new Map<string, Snapshot>();
    try {
      for (const path of filesOf(folder)) {
        const version = `${path} ${fileVersion(path)}`;
        const snapshot = known.get(version) ?? readIfPresent(path);
        if (snapshot !== undefined) read.set(version, snapshot);
      }
    } catch (error) {
      const { message } = error as Error;
      return { resources: [], problems: [{ source: folder, path: "", message }] };
    }
    known = read;
    const all = [...read.values()];
    return {
      resources: all.flatMap(({ resources }) => resources),
      problems: all.flatMap(({ problems }) => problems),
    };
  };
}

/** Differs when the folder was replaced or a manifest in it changed. */
interface FolderVersion {
  readonly folder: string;
  readonly files: string;
}

/** The present version of a folder and of the manifests in it. */
export function folderVersion(folder: string): FolderVersion {
  try {
    const files = filesOf(folder).map((path) => `${path} ${fileVersion(path)}`);
    // The inode number alone may be reused soon after the folder was removed.
    const { ino, birthtimeNs } = statSync(folder, { bigint: true });
    return { folder: `${ino} ${birthtimeNs}`, files: files.join("\n") };
  } catch (error) {
    return { folder: (error as Error).message, files: "" };
  }
}

function fileVersion(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false, bigint: true });
  return `${stat?.ino} ${stat?.size} ${stat?.mtimeNs}`;
}

/** The paths of a folder's manifests, `*.yaml` and `*.yml`, sorted. */
export function filesOf(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => /^[^.].*\.ya?ml$/.test(name))
    .toSorted()
    .map((name) => join(folder, name));
}

function readIfPresent(path: string): Snapshot | undefined {
  try {
    const stat = statSync(path);
    return stat.isFile() ? readManifest(path, undefined, stat.mtime) : undefined;
  } catch (error) {
    // The file was renamed or removed since the folder was read; an event follows.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    const { message } = error as Error;
    return { resources: [], problems: [{ source: path, path: "", message }] };
  }
}

/** The resource that a manifest declares, or why it does not declare one. */
export function resourceOf(source: string, document: unknown): Resource | SourceProblem {
  const { kind, apiVersion } = document as { kind?: unknown; apiVersion?: unknown };
  if (typeof kind !== "string" || typeof apiVersion !== "string") {
    const message = "is not a Kubernetes object: it has no apiVersion and kind";
    return { source, path: "", message };
  }
  const known = kinds.find((name) => name === kind);
  if (known === undefined || !belongs(known, apiVersion)) {
    const message = `${apiVersion} ${kind} is not a kind that ipman reads: ${kinds.join(", ")}`;
    return { source, path: "kind", message };
  }
  const key = resourceKey(known, document);
  if (key === undefined) return { source, path: "metadata.name", message: "is required" };
  return { kind: known, key, source, document };
}

/** A Secret with a creation time, which the API server would set. */
function dated(resource: Resource, writtenAt: Date): Resource {
  if (resource.kind !== "Secret") return resource;
  const document = resource.document as { readonly metadata: object };
  const metadata = { ...document.metadata, creationTimestamp: writtenAt.toISOString() };
  return { ...resource, document: { ...document, metadata } };
}

function belongs(kind: Kind, apiVersion: unknown): boolean {
  return kind === "Secret" ? apiVersion === "v1" : String(apiVersion).startsWith(`${apiGroup}/`);
}

function firstLine(message: string): string {
  return message.split("\n")[0]?.replace(/:$/, "") ?? message;
}
