import { KubeConfig } from "@kubernetes/client-node";
import { request, type Dispatcher } from "undici";
import { ApiConnections } from "./api-connections.ts";
import { Credentials } from "./credentials.ts";
import { listIn, objectIn, recordIn, statusOf } from "./api-answer.ts";
import { kubeError, KubeError, type KubeErrorCode } from "./kube-error.ts";
import type { KubeList, KubeObject } from "../../../model/kubernetes/kube-object.ts";
import { pathOf, wordsFor, type ObjectPlace, type ResourceType } from "./resource-type.ts";

/** No answer in this time is none, in milliseconds; watches have a deadline of their own. */
const answerMs = 30_000;

/** Objects per page of a list. */
const pageSize = 500;

const json = "application/json";

/** What is accepted of a list, or of each object of a watch. */
const accepted = (metadataOnly: boolean | undefined, suffix: "List" | "" = "") =>
  metadataOnly ? `${json};as=PartialObjectMetadata${suffix};g=meta.k8s.io;v=v1` : json;

export interface Selector {
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** The server leaves out everything of an object but its metadata (PartialObjectMetadata). */
  readonly metadataOnly?: boolean | undefined;
}

/** What an object has to be. */
interface Preconditions {
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
}

/** Every other refusal is an answer. */
const failures: ReadonlySet<KubeErrorCode> = new Set(["denied", "busy", "unavailable"]);

interface Call {
  readonly op: string;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  /** A media type; JSON where it is left out. */
  readonly accept?: string;
  readonly signal?: AbortSignal;
}

/**
 * Told of each request: `kube.` and its verb, the seconds until an answer began, and whether
 * the server gave none, or would not.
 */
export type OnCall = (call: string, seconds: number, failed: boolean) => void;

/**
 * The API server, as a kubeconfig or a pod's service account says. One pool of connections
 * for everything; the credentials are client-node's, which renews them.
 */
export class KubeClient implements AsyncDisposable {
  readonly #config: KubeConfig;
  readonly #credentials: Credentials;
  readonly #connections: ApiConnections;
  readonly #onCall: OnCall;
  /** The server's time when an answer came, and when that was by a clock that is never set. */
  #serverTime: { readonly at: number; readonly heard: number } | undefined;

  private constructor(config: KubeConfig, onCall: OnCall) {
    this.#config = config;
    this.#credentials = new Credentials(config);
    this.#connections = new ApiConnections(config, answerMs);
    this.#onCall = onCall;
  }

  /**
   * @param kubeconfig a file; without it a pod's service account, $KUBECONFIG or ~/.kube/config
   */
  static connect(kubeconfig?: string, onCall: OnCall = () => {}): KubeClient {
    const config = new KubeConfig();
    if (kubeconfig !== undefined) config.loadFromFile(kubeconfig);
    else if (process.env["KUBERNETES_SERVICE_HOST"] !== undefined) config.loadFromCluster();
    else config.loadFromDefault();
    return new KubeClient(config, onCall);
  }

  /** The namespace of the context: in a pod, the pod's. */
  get namespace(): string {
    const context = this.#config.getContextObject(this.#config.getCurrentContext());
    return context?.namespace ?? "default";
  }

  /**
   * The API server's time in milliseconds since the epoch, to the second, by its last answer;
   * undefined before there is one. The clock of this process may be another.
   */
  get serverNow(): number | undefined {
    if (this.#serverTime === undefined) return undefined;
    const { at, heard } = this.#serverTime;
    return at + performance.now() - heard;
  }

  async get<T extends KubeObject>(type: ResourceType, place: ObjectPlace): Promise<T> {
    const op = `get ${wordsFor(type, place)}`;
    return (await this.#object({ op, method: "GET", path: pathOf(type, place) })) as T;
  }

  /** Every object of a collection, as the server has it now, page by page. */
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

  /** Writes a whole object; refused where it changed since its resourceVersion. */
  async replace<T extends KubeObject>(type: ResourceType, object: T): Promise<T> {
    const { namespace, name } = object.metadata;
    const op = `replace ${wordsFor(type, { namespace, name })}`;
    const path = pathOf(type, { namespace, name });
    return (await this.#object({ op, method: "PUT", path, body: object })) as T;
  }

  /**
   * Server-side apply: makes the fields of `object` so, and lets go of those that this
   * manager applied before and does not any more. With a resourceVersion in it the server
   * refuses where the object changed since.
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

  /** RFC 7386. */
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
   * Deletes an object, and what it owns after it; one that is not there is deleted.
   *
   * @throws KubeError `conflict` where it is another, or of another version
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
      // The answer is a Status, or the object while something holds it.
      await recordIn(
        op,
        await this.#body({ op, method: "DELETE", path: pathOf(type, place), body }),
      );
    } catch (error) {
      if (!(error instanceof KubeError) || error.code !== "not-found") throw error;
    }
  }

  /** Opens a watch; the answer's body has an event a line until the server or `signal` ends it. */
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
    const told = (failed: boolean) => {
      const verb = call.op.slice(0, call.op.indexOf(" "));
      this.#onCall(`kube.${verb}`, (performance.now() - since) / 1_000, failed);
    };
    try {
      const response = await this.#answer(call);
      told(false);
      return response;
    } catch (error) {
      told(error instanceof KubeError && failures.has(error.code));
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
    if (Number.isFinite(at)) this.#serverTime = { at, heard: performance.now() };
    if (response.statusCode < 300) return response;
    if (response.statusCode === 401) this.#credentials.refused();
    throw kubeError(op, response.statusCode, await statusOf(response.body));
  }
}

/** Of an address with several hosts behind it, each has a reason. */
function reasonOf(error: unknown): string {
  const { errors, message } = error as AggregateError;
  return message === "" ? (errors ?? []).map(({ message: one }) => one).join(", ") : message;
}
