import assert from "node:assert/strict";
import { mock } from "node:test";
import type { KubeClient } from "../../src/adapters/kubernetes/client/kube-client.ts";
import { KubeError } from "../../src/adapters/kubernetes/client/kube-error.ts";
import {
  resourceTypes,
  type ResourceType,
} from "../../src/adapters/kubernetes/client/resource-type.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import { WebhookConfigurations } from "../../src/runtime/operator/webhooks/webhook-configurations.ts";
import { WebhookPaths } from "../../src/runtime/operator/webhooks/webhook-paths.ts";
import { KubeApi } from "./kube-api.ts";

const namespace = "ipman-system";
const names = { mutating: "ipman-m", validating: "ipman-v" };
/** The namespace of the Secret with the key of the paths. */
export const place = { namespace, name: "path" };
const { MutatingWebhookConfiguration, ValidatingWebhookConfiguration } = resourceTypes;
/** The configurations, with their endpoints. */
export const types = [
  [MutatingWebhookConfiguration, names.mutating, ["pods", "declared"]],
  [ValidatingWebhookConfiguration, names.validating, ["declared", "groups"]],
] as const;

/** The part of a webhook configuration that ipman writes. */
export interface Configuration extends KubeObject {
  readonly webhooks: {
    readonly name: string;
    readonly clientConfig: { readonly caBundle?: string; readonly service: { path?: string } };
  }[];
}

/** The monotonic clock. */
let passedMs = 0;

/** An API server with both configurations, and replicas of the operator. */
export class WebhookWorld implements Disposable {
  readonly api = new KubeApi(() => 1);
  readonly troubles: unknown[] = [];
  /** Configurations that replicas may not write. */
  refused: ReadonlySet<ResourceType> = new Set();
  readonly #parts = new DisposableStack();

  constructor() {
    mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: 1_790_000_000_000 });
    mock.method(performance, "now", () => passedMs);
    this.configure();
  }

  /** The configurations as the chart contains them. */
  configure(service: object = { name: "webhook" }): void {
    for (const [type, name, endpoints] of types) {
      const webhooks = endpoints.map((endpoint) => ({
        name: `${endpoint}.ipman.dialo.ai`,
        clientConfig: { service },
      }));
      const metadata = { name };
      this.api.put(type, {
        apiVersion: type.apiVersion,
        kind: type.kind,
        metadata,
        webhooks,
      } as KubeObject);
    }
  }

  /** @param lagMs the delay of its watches */
  replica(lagMs: () => number = () => 0): WebhookPaths {
    const client = this.#client(lagMs);
    const onTrouble = (error: unknown) => void this.troubles.push(error);
    const configurations = this.#parts.use(new WebhookConfigurations(client, names, onTrouble));
    const options = { client, namespace, secretName: place.name, owner: undefined };
    return this.#parts.use(new WebhookPaths({ ...options, configurations, onTrouble }));
  }

  #client(lagMs: () => number): KubeClient {
    const client = this.api.client(lagMs);
    const write = client.mergePatch.bind(client);
    const mergePatch = (...[type, place, patch]: Parameters<KubeClient["mergePatch"]>) => {
      if (!this.refused.has(type)) return write(type, place, patch);
      return Promise.reject(new KubeError("patch", "denied", 403, "forbidden"));
    };
    return Object.assign(client, { mergePatch });
  }

  /** The path by which the API server calls each webhook. */
  get calls(): (readonly [endpoint: string, path: string])[] {
    return types.flatMap(([type]) =>
      (this.api.all(type) as Configuration[]).flatMap(({ webhooks }) =>
        webhooks.map(({ name, clientConfig: { service } }) => {
          return [name.split(".")[0] ?? "", service.path ?? ""] as const;
        }),
      ),
    );
  }

  get paths(): string[] {
    return this.calls.map(([, path]) => path);
  }

  /** Asserts that every webhook reaches its endpoint at each of these replicas. */
  assertReaches(...replicas: readonly WebhookPaths[]): void {
    for (const [endpoint, path] of this.calls)
      for (const replica of replicas) assert.equal(replica.endpointOf(path), endpoint);
  }

  [Symbol.dispose](): void {
    this.#parts.dispose();
    mock.reset();
    mock.timers.reset();
  }
}

/** Passes time in slices, between which promises and streams run. */
export async function passTime(milliseconds: number, sliceMs = 5): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += sliceMs) {
    passedMs += sliceMs;
    mock.timers.tick(sliceMs);
    for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate);
  }
}
