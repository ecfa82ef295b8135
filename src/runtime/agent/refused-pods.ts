import type { Observable, Subscription } from "rxjs";
import type { EventRecorder } from "../../adapters/kubernetes/events.ts";
import type { RefusedPod } from "../../model/addresses/workers.ts";
import { RefusedObjects } from "./refused-objects.ts";

export interface RefusedPodsOptions {
  readonly events: Pick<EventRecorder, "record">;
  /** Logs a line with the pod, `namespace/name`, and the reason. */
  readonly onRefusal: (pod: string, why: string) => void;
}

const event = { reason: "NotAttached", action: "Attaching", note: "not attached" } as const;

/** Reports pods that are not attached: once for each pod and reason. */
export class RefusedPods {
  readonly #objects: RefusedObjects;

  constructor(options: RefusedPodsOptions) {
    this.#objects = new RefusedObjects({ ...options, event });
  }

  /** Leaves the pods of connections to other agents, as {@link RefusedObjects.leaveTo} does. */
  leaveTo(reports: (connection: string) => boolean, changes: Observable<unknown>): Subscription {
    return this.#objects.leaveTo(reports, changes);
  }

  /** @param refused every pod that is refused at present; one with several attachments may be there for each */
  report(refused: readonly RefusedPod[]): void {
    this.#objects.report(refused.map(({ pod, ...refusal }) => ({ ...refusal, object: pod })));
  }
}
