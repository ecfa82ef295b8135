import { KubeConfig } from "@kubernetes/client-node";
import { request, type Dispatcher } from "undici";
import { ApiConnections } from "./api-connections.ts";
import { Credentials } from "./credentials.ts";
import { listIn, objectIn, recordIn, statusOf } from "./api-answer.ts";
import { kubeError, KubeError, type KubeErrorCode } from "./kube-error.ts";
import type { KubeList, KubeObject } from "../../../model/kubernetes/kube-object.ts";
import { pathOf, wordsFor, type ObjectPlace, type ResourceType } from "./resource-type.ts";

/** The longest time until an answer, in milliseconds; watches have a deadline of their own. */
const answerMs = 30_000;

/** Objects per page of a list. */
const pageSize = 500;

const json = "application/json";

/** The media type of a list, or of each object of a watch. */
const accepted = (metadataOnly: boolean | undefined, suffix: "List" | "" = "") =>
  metadataOnly ? `${json};as=PartialObjectMetadata${suffix};g=meta.k8s.io;v=v1` : json;

export interface Selector {
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** The server sends only the metadata of each object (PartialObjectMetadata). */
  readonly metadataOnly?: boolean | undefined;
}

/** The uid and version that an object must have. */
interface Preconditions {
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
}

/** The errors that count as failed calls; every other refusal is an answer. */
const failures: ReadonlySet<KubeErrorCode> = new Set(["denied", "busy", "unavailable"]);

interface Call {
  readonly op: string;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  /** A media type; JSON by default. */
  readonly accept?: string;
  readonly signal?: AbortSignal;
}

/**
 * Receives each request: `kube.` and its verb, the seconds until an answer began, and whether the
 * request failed.
 */
export type OnCall = (call: string, seconds: number, failed: boolean) => void;

/**
 * A client of the API server of a kubeconfig or of a pod's service account. All requests share one
 * pool of connections. client-node provides and renews the credentials.
 */
export class KubeClient implements AsyncDisposable {
  readonly #config: KubeConfig;
  readonly #credentials: Credentials;
  readonly #connections: ApiConnections;
  readonly #onCall: OnCall;
  /** The server's time in its last answer, and the monotonic time when the answer arrived. */
  #serverTime: { readonly at: number; readonly receivedAt: number } | undefined;

  private constructor(config: KubeConfig, onCall: OnCall) {
    this.#config = config;
    this.#credentials = new Credentials(config);
    this.#connections = new ApiConnections(config, answerMs);
    this.#onCall = onCall;
  }

  /**
   * @param kubeconfig a file; by default a pod's service account, $KUBECONFIG or ~/.kube/config
   */
  static connect(kubeconfig?: string, onCall: OnCall = () => {}): KubeClient {
    const config = new KubeConfig();
    if (kubeconfig !== undefined) config.loadFromFile(kubeconfig);
    else if (process.env["KUBERNETES_SERVICE_HOST"] !== undefined) config.loadFromCluster();
    else config.loadFromDefault();
    return new KubeClient(config, onCall);
  }

  /** The namespace of the context; in a pod, the pod's own. */
  get namespace(): string {
    const context = this.#config.getContextObject(this.#config.getCurrentContext());
    return context?.namespace ?? "default";
  }

  /**
   * The API server's time by its last answer, in milliseconds since the epoch, precise to the
   * second; undefined before the first answer. The clock of this process may differ.
   */
  get serverNow(): number | undefined {
    if (this.#serverTime === undefined) return undefined;
    const { at, receivedAt } = this.#serverTime;
    return at + performance.now() - receivedAt;
  }

  async get<T extends KubeObject>(type: ResourceType, place: ObjectPlace): Promise<T> {
    const op = `get ${wordsFor(type, place)}`;
    return (await this.#object({ op, method: "GET", path: pathOf(type, place) })) as T;
  }

  /** Lists a collection page by page, and returns the version of the list. */
  async list(
    type: ResourceType,
    place: ObjectPlace,
    { metadataOnly, ...selector }: Selector,
    each: (object: KubeObject) => void,
  ): Promise<string> {
    const { apiVersion, kind } = type;
    const accept = accepted(metadataOnly, "List");
    const call = { op: `list ${wordsFor(type, place)}`, method: "GET" as const, accept };
    let page: KubeList;
    let next: string | undefined;
    do {
      const query = { ...selector, limit: String(pageSize), continue: next };
      page = await listIn(call.op, await this.#body({ ...call, path: pathOf(type, place), query }));
      for (const item of page.items ?? []) each({ ...item, apiVersion, kind });
      next = page.metadata.continue;
    } while (next !== undefined && next !== "");
    return page.metadata.resourceVersion;
  }

  async create<T extends KubeObject>(type: ResourceType, object: T): Promise<T> {
    const { namespace, name } = object.metadata;
    const op = `create ${wordsFor(type, { namespace, name })}`;
    const path = pathOf(type, { namespace });
    return (await this.#object({ op, method: "POST", path, body: object })) as T;
  }

  /** Replaces an object; `conflict` if it changed since its resourceVersion. */
  async replace<T extends KubeObject>(type: ResourceType, object: T): Promise<T> {
    const { namespace, name } = object.metadata;
    const op = `replace ${wordsFor(type, { namespace, name })}`;
    const path = pathOf(type, { namespace, name });
    return (await this.#object({ op, method: "PUT", path, body: object })) as T;
  }

  /**
   * Server-side apply: sets the fields of `object`, and removes those that this manager applied
   * before and no longer does. If `object` has a resourceVersion, the server refuses to apply it to
   * an object that changed since.
   */
  async apply<T extends KubeObject>(
    type: ResourceType,
    object: KubeObject,
    manager: string,
    subresource?: "status",
  ): Promise<T> {
    const { namespace, name } = object.metadata;
    const place = { namespace, name, subresource };
    return (await this.#object({
      op: `apply ${wordsFor(type, place)}`,
      method: "PATCH",
      path: pathOf(type, place),
      query: { fieldManager: manager, force: "true" },
      body: object,
      contentType: "application/apply-patch+yaml",
    })) as T;
  }

  /** JSON Merge Patch (RFC 7386). */
  async mergePatch(type: ResourceType, place: ObjectPlace, patch: unknown): Promise<KubeObject> {
    return (await this.#object({
      op: `patch ${wordsFor(type, place)}`,
      method: "PATCH",
      path: pathOf(type, place),
      body: patch,
      contentType: "application/merge-patch+json",
    })) as KubeObject;
  }

  /**
   * Deletes an object, and afterwards the objects that it owns. Succeeds if it does not exist.
   *
   * @throws KubeError `conflict` if its uid or its version differs
   */
  async delete(
    type: ResourceType,
    { namespace, name }: ObjectPlace,
    { uid, resourceVersion }: Preconditions = {},
  ): Promise<void> {
    const place = { namespace, name };
    const body = { propagationPolicy: "Background", preconditions: { uid, resourceVersion } };
    const op = `delete ${wordsFor(type, place)}`;
    try {
      // The answer is a Status, or the object while a finalizer keeps it.
      await recordIn(
        op,
        await this.#body({ op, method: "DELETE", path: pathOf(type, place), body }),
      );
    } catch (error) {
      if (!(error instanceof KubeError) || error.code !== "not-found") throw error;
    }
  }

  /** Opens a watch. Its body has one event per line until the server or `signal` ends it. */
  async openWatch(
    type: ResourceType,
    place: ObjectPlace,
    { metadataOnly, ...selector }: Selector,
    since: Readonly<Record<string, string | undefined>>,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>> {
    const op = `watch ${wordsFor(type, place)}`;
    const path = pathOf(type, place);
    const query = { ...selector, ...since, watch: "true" };
    const accept = accepted(metadataOnly);
    return (await this.#send({ op, method: "GET", path, query, signal, accept })).body;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connections[Symbol.asyncDispose]();
  }

  async #object(call: Call): Promise<KubeObject> {
    return objectIn(call.op, await this.#body(call));
  }

  async #body(call: Call): Promise<AsyncIterable<Uint8Array>> {
    return (await this.#send({ ...call, signal: AbortSignal.timeout(answerMs) })).body;
  }

  async #send(call: Call): Promise<Dispatcher.ResponseData> {
    const since = performance.now();
    const report = (failed: boolean) => {
      const verb = call.op.slice(0, call.op.indexOf(" "));
      this.#onCall(`kube.${verb}`, (performance.now() - since) / 1_000, failed);
    };
    try {
      const response = await this.#answer(call);
      report(false);
      return response;
    } catch (error) {
      report(error instanceof KubeError && failures.has(error.code));
      throw error;
    }
  }

  async #answer(call: Call): Promise<Dispatcher.ResponseData> {
    const { op, method, path, query = {}, body, contentType = json, accept = json, signal } = call;
    const url = new URL(`${this.#config.getCurrentCluster()?.server ?? ""}${path}`);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, value);
    }
    let response: Dispatcher.ResponseData;
    try {
      response = await request(url, {
        method,
        dispatcher: await this.#connections.dispatcher(),
        headers: { ...(await this.#credentials.headers()), accept, "content-type": contentType },
        ...(signal !== undefined && { signal }),
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    } catch (cause) {
      this.#connections.failed(cause);
      throw new KubeError(op, "unavailable", 0, reasonOf(cause), cause);
    }
    const at = Date.parse(String(response.headers["date"]));
    if (Number.isFinite(at)) this.#serverTime = { at, receivedAt: performance.now() };
    if (response.statusCode < 300) return response;
    if (response.statusCode === 401) this.#credentials.refused();
    throw kubeError(op, response.statusCode, await statusOf(response.body));
  }
}

/** An AggregateError has a reason for each address of the host. */
function reasonOf(error: unknown): string {
  const { errors, message } = error as AggregateError;
  return message === "" ? (errors ?? []).map(({ message: one }) => one).join(", ") : message;
}
