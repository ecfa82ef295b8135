import type { KubeClient, Selector } from "../../src/adapters/kubernetes/client/kube-client.ts";
import { KubeError } from "../../src/adapters/kubernetes/client/kube-error.ts";
import {
  pathOf,
  wordsFor,
  type ObjectPlace,
  type ResourceType,
} from "../../src/adapters/kubernetes/client/resource-type.ts";
import { FieldOwners, isRecord, type Json } from "./field-owners.ts";
import type { KubeMeta, KubeObject } from "../../src/model/kubernetes/kube-object.ts";

/** Uses the global timer, which a test may mock. */
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** A watch that allows bookmarks gets one about once a minute. */
const bookmarkMs = 60_000;

/** Kinds without a generation. */
const withoutGeneration = new Set([
  "Service",
  "ServiceAccount",
  "Role",
  "RoleBinding",
  "ClusterRoleBinding",
]);

/** Whether the server denies a request to a client. */
export type Denies = (verb: Verb, type: ResourceType, place: ObjectPlace) => boolean;
type Verb = "get" | "list" | "watch" | "create" | "update" | "patch" | "delete";

interface Versioned {
  readonly metadata?: { readonly resourceVersion?: string | undefined };
}

interface Watcher {
  readonly type: ResourceType;
  readonly selects: (object: KubeObject) => boolean;
  /** Sends an event to the watcher: in the order of the changes, each after a delay. */
  readonly send: (event: string, object: KubeObject) => void;
}

/** An API server in memory: versions, compare-and-swap, and watches that lag. */
export class KubeApi {
  readonly #objects = new Map<string, KubeObject>();
  readonly #watchers = new Set<Watcher>();
  /** The owners of the fields of applied objects, by the keys of the objects. */
  readonly #owners = new Map<string, FieldOwners>();
  /** How long half of a request takes, and how far a watch lags, in milliseconds. */
  readonly #latency: () => number;
  #version = 0;
  #uid = 0;
  readonly written: string[] = [];
  /** The server's clock. */
  now = (): number => Date.now();
  /** Whether requests fail: before they take effect, or because their answers are lost. */
  outage: "requests" | "answers" | undefined;

  constructor(latency: () => number) {
    this.#latency = latency;
  }

  /**
   * Makes the client of a process with its own connection.
   *
   * @param lagMs how much farther its watches of a kind lag
   */
  client(lagMs: (kind: string) => number = () => 0, denies: Denies = () => false): KubeClient {
    const answering = async <T>(answer: () => T): Promise<T> => {
      await pause(this.#latency());
      this.#failDuring("requests");
      const result = answer();
      this.#failDuring("answers");
      await pause(this.#latency());
      return structuredClone(result);
    };
    const may = (verb: Verb, type: ResourceType, place: ObjectPlace) => {
      if (!denies(verb, type, place)) return;
      throw new KubeError(`${verb} ${wordsFor(type, place)}`, "denied", 403, "forbidden");
    };
    const allowed = <T>(verb: Verb, type: ResourceType, place: ObjectPlace, answer: () => T) =>
      answering(() => {
        may(verb, type, place);
        return answer();
      });
    const now = () => this.now();
    const client = {
      get serverNow() {
        return now();
      },
      get: (type: ResourceType, place: ObjectPlace) =>
        allowed("get", type, place, () => this.#read(type, place)),
      list: async (
        type: ResourceType,
        place: ObjectPlace,
        selector: Selector,
        each: (object: KubeObject) => void,
      ) => {
        const { objects, version } = await allowed("list", type, place, () =>
          this.#list(type, place),
        );
        for (const object of objects.filter(selecting(selector))) each(shown(object, selector));
        return version;
      },
      create: (type: ResourceType, object: KubeObject) =>
        allowed("create", type, object.metadata, () => this.#create(type, object)),
      replace: (type: ResourceType, object: KubeObject) =>
        allowed("update", type, object.metadata, () => this.#replace(type, object)),
      apply: (type: ResourceType, object: KubeObject, manager: string) =>
        allowed("patch", type, object.metadata, () => this.#apply(type, object, manager)),
      mergePatch: (type: ResourceType, place: ObjectPlace, patch: unknown) =>
        allowed("patch", type, place, () => this.#merge(type, place, patch as Json)),
      delete: (type: ResourceType, place: ObjectPlace, preconditions: Partial<KubeMeta> = {}) =>
        allowed("delete", type, place, () => this.#delete(type, place, preconditions)),
      openWatch: (
        type: ResourceType,
        place: ObjectPlace,
        selector: Selector,
        since: Readonly<Record<string, string | undefined>>,
        signal: AbortSignal,
      ) => {
        const version = Number(since["resourceVersion"]);
        const [, name] = /^metadata\.name=(.*)$/.exec(selector.fieldSelector ?? "") ?? [];
        return Promise.resolve().then(() => {
          may("watch", type, { ...place, name });
          const marks = since["allowWatchBookmarks"] === "true";
          return this.#watch(type, place, selector, { version, marks }, signal, lagMs);
        });
      },
    };
    return client as unknown as KubeClient;
  }

  put(type: ResourceType, object: KubeObject): void {
    const key = keyOf(type, object.metadata);
    const before = this.#objects.get(key);
    const uid = before?.metadata.uid ?? `uid-${++this.#uid}`;
    const resourceVersion = String(++this.#version);
    const { generation = 1 } = object.metadata;
    const counted = withoutGeneration.has(type.kind) ? {} : { generation };
    const metadata = { ...object.metadata, uid, resourceVersion, ...counted };
    const stored = structuredClone({ ...object, metadata });
    this.#objects.set(key, stored);
    this.#notify(type, before, stored);
  }

  remove(type: ResourceType, place: ObjectPlace): void {
    const key = keyOf(type, place);
    const object = this.#objects.get(key);
    if (object === undefined) return;
    this.#objects.delete(key);
    const metadata = { ...object.metadata, resourceVersion: String(++this.#version) };
    this.#notify(type, { ...object, metadata }, undefined);
  }

  all(type: ResourceType): KubeObject[] {
    return this.#list(type).objects;
  }

  #failDuring(outage: KubeApi["outage"]): void {
    if (this.outage === outage) throw new KubeError("request", "unavailable", 0, "no answer");
  }

  #read(type: ResourceType, place: ObjectPlace): KubeObject {
    const object = this.#objects.get(keyOf(type, place));
    if (object !== undefined) return object;
    throw new KubeError(`get ${wordsFor(type, place)}`, "not-found", 404, "not found");
  }

  #list(type: ResourceType, place: ObjectPlace = {}): { objects: KubeObject[]; version: string } {
    const objects = [...this.#objects.values()].filter(
      (object) => object.kind === type.kind && isIn(place, object),
    );
    return { objects, version: String(this.#version) };
  }

  #create(type: ResourceType, object: KubeObject): KubeObject {
    const { metadata } = object;
    if (this.#objects.has(keyOf(type, metadata)))
      throw new KubeError(`create ${wordsFor(type, metadata)}`, "exists", 409, "it exists already");
    return this.#write(type, object);
  }

  #replace(type: ResourceType, object: KubeObject): KubeObject {
    const before = this.#read(type, object.metadata);
    const op = `replace ${wordsFor(type, object.metadata)}`;
    this.#compare(op, before, object);
    if (secretType(object) !== secretType(before))
      throw new KubeError(op, "invalid", 422, "type: Invalid value: field is immutable");
    return this.#write(type, object);
  }

  #merge(type: ResourceType, place: ObjectPlace, patch: Json): KubeObject {
    const before = this.#read(type, place);
    this.#compare(`patch ${wordsFor(type, place)}`, before, patch as Versioned);
    return this.#write(type, merged(before as unknown as Json, patch) as unknown as KubeObject);
  }

  /** Server-side apply by force, of an object or of its status. */
  #apply(type: ResourceType, object: KubeObject, manager: string): KubeObject {
    const key = keyOf(type, object.metadata);
    const before = this.#objects.get(key);
    if (before !== undefined) this.#compare(`apply ${key}`, before, object);
    else this.#owners.delete(key);
    const owners = this.#owners.get(key) ?? new FieldOwners();
    this.#owners.set(key, owners);
    const both = owners.apply((before ?? {}) as Json, manager, object as unknown as Json);
    return this.#write(type, both as unknown as KubeObject);
  }

  #delete(
    type: ResourceType,
    place: ObjectPlace,
    { uid, resourceVersion }: Partial<KubeMeta>,
  ): void {
    const before = this.#objects.get(keyOf(type, place));
    if (before === undefined) return;
    const { metadata } = before;
    if ((uid ?? metadata.uid) !== metadata.uid)
      throw new KubeError(
        `delete ${wordsFor(type, place)}`,
        "conflict",
        409,
        "it is another object",
      );
    this.#compare(`delete ${wordsFor(type, place)}`, before, { metadata: { resourceVersion } });
    this.remove(type, place);
  }

  #compare(op: string, before: KubeObject, { metadata }: Versioned): void {
    const { resourceVersion } = metadata ?? {};
    if (resourceVersion !== undefined && resourceVersion !== before.metadata.resourceVersion)
      throw new KubeError(op, "conflict", 409, "it changed");
  }

  #write(type: ResourceType, object: KubeObject): KubeObject {
    this.written.push(wordsFor(type, object.metadata));
    this.put(type, object);
    return this.#read(type, object.metadata);
  }

  #watch(
    type: ResourceType,
    place: ObjectPlace,
    selector: Selector,
    { version, marks }: { readonly version: number; readonly marks: boolean },
    signal: AbortSignal,
    lagMs: (kind: string) => number,
  ): ReadableStream<Uint8Array> {
    const selected = selecting(selector);
    const selects = (object: KubeObject) => isIn(place, object) && selected(object);
    const encoder = new TextEncoder();
    let sending = Promise.resolve();
    const start = (controller: ReadableStreamDefaultController<Uint8Array>) => {
      const send = (event: string, object: KubeObject) => {
        const sent = { type: event, object: shown(object, selector) };
        const line = encoder.encode(`${JSON.stringify(sent)}\n`);
        const due = pause(this.#latency() + lagMs(type.kind));
        sending = Promise.all([sending, due]).then(() => {
          if (!signal.aborted) controller.enqueue(line);
        });
      };
      const watcher = { type, selects, send };
      this.#watchers.add(watcher);
      for (const object of this.#list(type).objects.filter(selects))
        if (Number(object.metadata.resourceVersion) > version) send("ADDED", object);
      const mark = () => {
        const { apiVersion, kind } = type;
        const metadata = { resourceVersion: String(this.#version) };
        send("BOOKMARK", { apiVersion, kind, metadata } as KubeObject);
      };
      const bookmarks = marks ? setInterval(mark, bookmarkMs) : undefined;
      signal.addEventListener("abort", () => {
        clearInterval(bookmarks);
        this.#watchers.delete(watcher);
        controller.error(signal.reason);
      });
    };
    return new ReadableStream({ start });
  }

  /** A watcher whose selector no longer matches the object receives its deletion. */
  #notify(type: ResourceType, before: KubeObject | undefined, after: KubeObject | undefined): void {
    for (const { type: of, selects, send } of this.#watchers) {
      if (of.kind !== type.kind) continue;
      const was = before !== undefined && selects(before);
      if (after !== undefined && selects(after)) send(was ? "MODIFIED" : "ADDED", after);
      else if (was) send("DELETED", after ?? before);
    }
  }
}

/** Whether an object is in the collection of a namespace, or of all. */
function isIn({ namespace }: ObjectPlace, { metadata }: KubeObject): boolean {
  return namespace === undefined || metadata.namespace === namespace;
}

/** Selects labels by `key`, `key=value` or `key!=value`, and fields by `path=value` or `path!=value`. */
function selecting({ labelSelector, fieldSelector }: Selector): (object: KubeObject) => boolean {
  const labels = partsOf(labelSelector);
  const fields = partsOf(fieldSelector);
  return (object) =>
    labels.every((part) => {
      const [, key = "", operator, value] = /^(.*?)(?:(!=|=)(.*))?$/.exec(part) ?? [];
      const has = object.metadata.labels?.[key.replace(/^!/, "")];
      if (operator === undefined) return (has !== undefined) !== key.startsWith("!");
      return (has === value) === (operator === "=");
    }) &&
    fields.every((part) => {
      const [, path = "", operator, value] = /^(.*?)(!=|=)(.*)$/.exec(part) ?? [];
      const has = path
        .split(".")
        .reduce<Json>(
          (at, step) => (isRecord(at) ? at[step] : undefined),
          object as unknown as Json,
        );
      return ((has ?? "") === value) === (operator === "=");
    });
}

function partsOf(selector: string | undefined): string[] {
  return (selector ?? "").split(",").filter((part) => part !== "");
}

/** The type of a Secret, which cannot change; undefined for other kinds. */
function secretType(object: KubeObject): string | undefined {
  const { kind, type = "Opaque" } = object as KubeObject & { readonly type?: string };
  return kind === "Secret" ? type : undefined;
}

/** The part of an object that is sent. */
function shown({ apiVersion, kind, metadata, ...rest }: KubeObject, { metadataOnly }: Selector) {
  if (metadataOnly !== true) return { apiVersion, kind, metadata, ...rest };
  return { apiVersion: "meta.k8s.io/v1", kind: "PartialObjectMetadata", metadata };
}

function keyOf(type: ResourceType, { namespace, name }: ObjectPlace): string {
  return pathOf(type, { namespace, name });
}

/** JSON Merge Patch (RFC 7386). */
function merged(target: Json, patch: Json): Json {
  if (!isRecord(patch)) return patch;
  const base = isRecord(target) ? target : {};
  const names = new Set([...Object.keys(base), ...Object.keys(patch)]);
  const entries = [...names].flatMap((name): [string, Json][] => {
    if (!(name in patch)) return [[name, base[name]]];
    return patch[name] === null ? [] : [[name, merged(base[name], patch[name])]];
  });
  return Object.fromEntries(entries);
}
