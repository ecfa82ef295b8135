import { auditTime, type Observable, type Subscription } from "rxjs";
import type { EventRecorder } from "../../adapters/kubernetes/events.ts";
import type { RefusedPod } from "../../model/addresses/workers.ts";

export interface RefusedPodsOptions {
  readonly events: Pick<EventRecorder, "record">;
  /** Logs a line with the pod, `namespace/name`, and the reason. */
  readonly onRefusal: (pod: string, why: string) => void;
}

/** The most refused pods that are reported in one minute, which bounds the cost of a flood. */
const mostReported = 60;
const windowMs = 60_000;
/** After a change, until pods that were left to other agents are considered again; milliseconds. */
const reviewMs = 1_000;

/** Reports pods that are not attached: once for each pod and reason. */
export class RefusedPods {
  readonly #options: RefusedPodsOptions;
  /** The refusals that were reported, by the pod's uid and the reason. */
  #reported: ReadonlySet<string> = new Set();
  /** Every pod that is refused at present. */
  #refused: readonly RefusedPod[] = [];
  #reports: (connection: string) => boolean = () => true;
  #windowEnds = 0;
  #left = mostReported;

  constructor(options: RefusedPodsOptions) {
    this.#options = options;
  }

  /**
   * Leaves the pods of connections to other agents.
   *
   * @param reports whether this agent reports the pods of a connection
   * @param changes after which that may be another one
   */
  leaveTo(reports: (connection: string) => boolean, changes: Observable<unknown>): Subscription {
    this.#reports = reports;
    return changes.pipe(auditTime(reviewMs)).subscribe(() => this.#review());
  }

  /** @param refused every pod that is refused at present; one with several attachments may be there for each */
  report(refused: readonly RefusedPod[]): void {
    this.#refused = refused;
    this.#review();
  }

  /** Reports the pods that were left to other agents, if this one reports them by now. */
  #review(): void {
    const reported = new Set<string>();
    for (const one of this.#refused) {
      // The agents of all nodes of a connection refuse its pods alike.
      if (!this.#reports(one.connection ?? "")) continue;
      const refusal = JSON.stringify([one.pod.metadata.uid, one.why]);
      const isNew = !this.#reported.has(refusal) && !reported.has(refusal);
      // A later pass reports pods above the limit.
      if (!isNew || this.#mayReport()) reported.add(refusal);
      if (isNew && reported.has(refusal)) this.#reportOne(one);
    }
    this.#reported = reported;
  }

  #mayReport(): boolean {
    const now = performance.now();
    if (now >= this.#windowEnds) {
      this.#windowEnds = now + windowMs;
      this.#left = mostReported;
    }
    return this.#left-- > 0;
  }

  #reportOne({ pod, why }: RefusedPod): void {
    const { namespace = "default", name } = pod.metadata;
    const { events, onRefusal } = this.#options;
    onRefusal(`${namespace}/${name}`, why);
    const kind = { regarding: pod, type: "Warning", reason: "NotAttached" } as const;
    events.record({ ...kind, action: "Attaching", note: `not attached: ${why}` });
  }
}
