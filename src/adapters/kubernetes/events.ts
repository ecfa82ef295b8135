import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { KubeObject } from "../../model/kubernetes/kube-object.ts";
import { shortenedBytes } from "../../model/text/shortened.ts";
import type { KubeClient } from "./client/kube-client.ts";
import { resourceTypes } from "./client/resource-type.ts";

/** What happened to an object, for people. */
export interface ObjectEvent {
  readonly regarding: KubeObject;
  readonly type: "Normal" | "Warning";
  /** CamelCase, one of few. */
  readonly reason: string;
  /** What was done, or attempted: CamelCase, one of few. */
  readonly action: string;
  readonly note: string;
}

/** Longest that the API takes, in bytes (NoteLengthLimit of events.k8s.io/v1). */
const longestNote = 1_024;

/** Records events with events.k8s.io/v1: one for each change. */
export class EventRecorder {
  readonly #client: KubeClient;
  readonly #controller: string;
  readonly #onTrouble: (error: unknown) => void;

  /** @param controller who reports: `ipman.dialo.ai/agent` */
  constructor(client: KubeClient, controller: string, onTrouble: (error: unknown) => void) {
    this.#client = client;
    this.#controller = controller;
    this.#onTrouble = onTrouble;
  }

  record({ regarding, type, reason, action, note }: ObjectEvent): void {
    const { apiVersion, kind, metadata } = regarding;
    const { name, namespace, uid } = metadata;
    const event = {
      apiVersion: "events.k8s.io/v1",
      kind: "Event",
      metadata: {
        // Events on what has no namespace belong in this one.
        namespace: namespace ?? "default",
        name: `${name.slice(0, 200)}.${Date.now().toString(16)}${randomBytes(3).toString("hex")}`,
      },
      eventTime: microTime(),
      reportingController: this.#controller,
      reportingInstance: hostname().slice(0, 128),
      action,
      reason,
      type,
      note: shortenedBytes(note, longestNote),
      regarding: { apiVersion, kind, name, ...(namespace !== undefined && { namespace }), uid },
    };
    this.#client.create(resourceTypes.Event, event).catch(this.#onTrouble);
  }
}

/** metav1.MicroTime: RFC 3339 with six digits after the second. */
export function microTime(ms = Date.now()): string {
  return new Date(ms).toISOString().replace("Z", "000Z");
}
