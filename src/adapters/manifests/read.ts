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

/** The documents of one file and what is wrong with it as YAML. */
export function readManifest(
  path: string,
  text = readFileSync(path, "utf8"),
  writtenAt?: Date,
): Snapshot {
  const resources: Resource[] = [];
  const problems = new ProblemList();
  const parsed = parseAllDocuments(text);
  const noYaml = ({ message }: Error) => problems.add("", `no valid YAML: ${firstLine(message)}`);
  for (const document of Array.isArray(parsed) ? parsed : []) {
    document.errors.forEach(noYaml);
    if (document.errors.length > 0) continue;
    let value: unknown;
    try {
      value = document.toJS();
    } catch (error) {
      // An alias of nothing, or too many of them.
      noYaml(error as Error);
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
 * Reads the documents of every `*.yaml` and `*.yml` in a folder, in the files' order, as
 * often as it is called. What comes of a file that did not change is the same object.
 */
export function folderReader(folder: string): () => Snapshot {
  let known = new Map<string, Snapshot>();
  return () => {
    const read = new Map<string, Snapshot>();
    try {
      for (const path of filesOf(folder)) {
        const stamp = `${path} ${fileStamp(path)}`;
        const snapshot = known.get(stamp) ?? readIfThere(path);
        if (snapshot !== undefined) read.set(stamp, snapshot);
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

/** Changes whenever the folder is another one, or a manifest in it is. */
interface Stamp {
  readonly folder: string;
  readonly files: string;
}

export function stampOf(folder: string): Stamp {
  try {
    const files = filesOf(folder).map((path) => `${path} ${fileStamp(path)}`);
    // A number that was freed is soon given out again.
    const { ino, birthtimeNs } = statSync(folder, { bigint: true });
    return { folder: `${ino} ${birthtimeNs}`, files: files.join("\n") };
  } catch (error) {
    return { folder: (error as Error).message, files: "" };
  }
}

function fileStamp(path: string): string {
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

function readIfThere(path: string): Snapshot | undefined {
  try {
    const stat = statSync(path);
    return stat.isFile() ? readManifest(path, undefined, stat.mtime) : undefined;
  } catch (error) {
    // Renamed or removed since the folder was read: the next event tells.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    const { message } = error as Error;
    return { resources: [], problems: [{ source: path, path: "", message }] };
  }
}

/** The resource that a document declares, or why it declares none. */
export function resourceOf(source: string, document: unknown): Resource | SourceProblem {
  const { kind, apiVersion } = document as { kind?: unknown; apiVersion?: unknown };
  if (typeof kind !== "string" || typeof apiVersion !== "string") {
    const message = "is not a Kubernetes object: it has no apiVersion and kind";
    return { source, path: "", message };
  }
  const known = kinds.find((name) => name === kind);
  if (known === undefined || !belongs(known, apiVersion)) {
    const message = `${apiVersion} ${kind} is not for ipman, which reads ${kinds.join(", ")}`;
    return { source, path: "kind", message };
  }
  const key = resourceKey(known, document);
  if (key === undefined) return { source, path: "metadata.name", message: "is required" };
  return { kind: known, key, source, document };
}

/** A Secret with the time that an API server would have noted. */
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
