import { auditTime, type Observable, type Subscription } from "rxjs";
import type { EventRecorder } from "../../adapters/kubernetes/events.ts";
import type { KubeObject } from "../../model/kubernetes/kube-object.ts";

/** An object that requests something of a connection and does not get it. */
export interface RefusedObject {
  readonly object: KubeObject;
  /** The connection that it names. */
  readonly connection?: string;
  /** Why, for the object's author. */
  readonly why: string;
}

export interface RefusedObjectsOptions {
  readonly events: Pick<EventRecorder, "record">;
  /** Logs a line with the object, `namespace/name`, and the reason. */
  readonly onRefusal: (object: string, why: string) => void;
  /** The reason and the action of the event, and the words before the cause. */
  readonly event: { readonly reason: string; readonly action: string; readonly note: string };
}

/** The most refused objects that are reported in one minute, which bounds the cost of a flood. */
const mostReported = 60;
const windowMs = 60_000;
/** After a change, until objects that were left to other agents are considered again; milliseconds. */
const reviewMs = 1_000;

/** Reports objects that are refused: once for each object and reason. */
export class RefusedObjects {
  readonly #options: RefusedObjectsOptions;
  /** The refusals that were reported, by the object's uid and the reason. */
  #reported: ReadonlySet<string> = new Set();
  /** Every object that is refused at present. */
  #refused: readonly RefusedObject[] = [];
  #reports: (connection: string) => boolean = () => true;
  #windowEnds = 0;
  #left = mostReported;

  constructor(options: RefusedObjectsOptions) {
    this.#options = options;
  }

  /**
   * Leaves the objects of connections to other agents.
   *
   * @param reports whether this agent reports the objects of a connection
   * @param changes after which that may be another one
   */
  leaveTo(reports: (connection: string) => boolean, changes: Observable<unknown>): Subscription {
    this.#reports = reports;
    return changes.pipe(auditTime(reviewMs)).subscribe(() => this.#review());
  }

  /** @param refused every object that is refused at present; one may be there for several reasons */
  report(refused: readonly RefusedObject[]): void {
    this.#refused = refused;
    this.#review();
  }

  /** Reports the objects that were left to other agents, if this one reports them by now. */
  #review(): void {
    const reported = new Set<string>();
    for (const one of this.#refused) {
      // The agents of all nodes of a connection refuse its objects alike.
      if (!this.#reports(one.connection ?? "")) continue;
      const refusal = JSON.stringify([one.object.metadata.uid, one.why]);
      const isNew = !this.#reported.has(refusal) && !reported.has(refusal);
      // A later pass reports objects above the limit.
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

  #reportOne({ object, why }: RefusedObject): void {
    const { namespace = "default", name } = object.metadata;
    const { events, onRefusal, event } = this.#options;
    onRefusal(`${namespace}/${name}`, why);
    const { reason, action, note } = event;
    const kind = { regarding: object, type: "Warning", reason } as const;
    events.record({ ...kind, action, note: `${note}: ${why}` });
  }
}
