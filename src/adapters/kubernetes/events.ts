import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { KubeObject } from "../../model/kubernetes/kube-object.ts";
import { shortenedBytes } from "../../model/text/shortened.ts";
import type { KubeClient } from "./client/kube-client.ts";
import { resourceTypes } from "./client/resource-type.ts";

/** An event of an object, for people. */
export interface ObjectEvent {
  readonly regarding: KubeObject;
  readonly type: "Normal" | "Warning";
  /** CamelCase, from a small set. */
  readonly reason: string;
  /** The action that was taken or attempted: CamelCase, from a small set. */
  readonly action: string;
  readonly note: string;
}

/** The longest note that the API accepts, in bytes (NoteLengthLimit of events.k8s.io/v1). */
const longestNote = 1_024;

/** Creates an Event of events.k8s.io/v1 for each change. */
export class EventRecorder {
  readonly #client: KubeClient;
  readonly #controller: string;
  readonly #onTrouble: (error: unknown) => void;

  /** @param controller the reporter: `ipman.dialo.ai/agent` */
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
        // Events of objects without a namespace belong in this one.
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
