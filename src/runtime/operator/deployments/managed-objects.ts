import { isDeepStrictEqual } from "node:util";
import type { LimitFunction } from "p-limit";
import { fromPromise, type ActorRefFrom } from "xstate";
import type { KubeClient } from "../../../adapters/kubernetes/client/kube-client.ts";
import type { ResourceType } from "../../../adapters/kubernetes/client/resource-type.ts";
import type { ObjectStore } from "../../../adapters/kubernetes/client/object-store.ts";
import { managedObjectMachine } from "../../../machines/managed-object.ts";
import type { KubeObject } from "../../../model/kubernetes/kube-object.ts";
import { Breakdowns } from "../../actors/breakdowns.ts";
import type { OnBreakdown } from "../../actors/contained.ts";
import { observedActor } from "../../actors/observed-actor.ts";
import { refusing } from "../../ports/refusal.ts";

export interface ManagedObjectsOptions {
  readonly client: KubeClient;
  readonly type: ResourceType;
  /** The objects that ipman manages: unwanted ones are deleted. */
  readonly view: ObjectStore<KubeObject>;
  /** Limits concurrent writes. */
  readonly writes: LimitFunction;
  /** How long an object stays after it became unwanted, in milliseconds; 0 by default. */
  readonly lingerMs?: (object: KubeObject | undefined) => number;
  /** `digest`: other programs may change the objects' content; `content` by default. */
  readonly comparedBy?: "content" | "digest";
  /** Receives errors of the API server; the write is retried. */
  readonly onTrouble?: (error: unknown) => void;
  readonly onBreakdown: OnBreakdown;
}

/** The wanted objects of one kind. */
export interface WantedObjects {
  /** By the view's keys. */
  readonly wanted: ReadonlyMap<string, KubeObject>;
  /** Keys of objects that are neither written nor deleted for now. */
  readonly held?: ReadonlySet<string>;
  /** Whether these are all wanted objects: any other object is deleted. */
  readonly whole: boolean;
}

type ManagedObject = ActorRefFrom<typeof managedObjectMachine>;

const fieldManager = "ipman-operator";

/**
 * Runs an actor for each object of a kind that exists or is wanted. An actor that an exception
 * stopped restarts after a backoff.
 */
export class ManagedObjects implements Disposable {
  readonly #options: ManagedObjectsOptions;
  readonly #actors = new Map<string, ManagedObject>();
  readonly #logic;
  readonly #seen = new Map<string, KubeObject>();
  readonly #breakdowns: Breakdowns;
  #latest: WantedObjects = { wanted: new Map(), whole: false };

  constructor(options: ManagedObjectsOptions) {
    this.#options = options;
    const { client, type, onBreakdown } = options;
    const restart = () => this.keep(this.#latest);
    this.#breakdowns = new Breakdowns({ onBreakdown, restart });
    this.#logic = managedObjectMachine.provide({
      actors: {
        apply: fromPromise<KubeObject, KubeObject>(({ input, signal }) =>
          this.#limited(signal, () => client.apply<KubeObject>(type, input, fieldManager)),
        ),
        remove: fromPromise<void, KubeObject>(({ input: { metadata }, signal }) => {
          const { namespace, name, uid } = metadata;
          return this.#limited(signal, () => client.delete(type, { namespace, name }, { uid }));
        }),
      },
    });
  }

  /** The actors by the view's keys. */
  get actors(): ReadonlyMap<string, ManagedObject> {
    return this.#actors;
  }

  get view(): ObjectStore<KubeObject> {
    return this.#options.view;
  }

  /** Makes the objects match the wanted ones; the view has to be synced. */
  keep(latest: WantedObjects): void {
    this.#latest = latest;
    const { wanted, held = new Set(), whole } = latest;
    this.#reportExisting({ wanted, held, whole });
    for (const [key, object] of wanted) {
      const actor = this.#actors.get(key);
      if (actor === undefined) this.#spawn(key, object);
      else if (!isDeepStrictEqual(actor.getSnapshot().context.wanted, object))
        actor.send({ type: "wanted", object });
    }
    if (!whole) return;
    for (const [key, actor] of this.#actors)
      if (!wanted.has(key) && !held.has(key)) actor.send({ type: "unwanted" });
  }

  [Symbol.dispose](): void {
    this.#breakdowns[Symbol.dispose]();
    for (const actor of this.#actors.values()) actor.stop();
    this.#actors.clear();
  }

  #reportExisting({ wanted, held, whole }: Required<WantedObjects>): void {
    const { objects, version } = this.view;
    for (const [key, object] of objects) {
      if (this.#seen.get(key) === object) continue;
      const known = this.#actors.get(key);
      // An unwanted object gets an actor to delete it once all wanted objects are known.
      const isUnwanted = whole && !held.has(key);
      if (known === undefined && !wanted.has(key) && !isUnwanted) continue;
      this.#seen.set(key, object);
      const actor = known ?? this.#spawn(key, wanted.get(key));
      const seen = BigInt(object.metadata.resourceVersion ?? version);
      actor?.send({ type: "seen", object, version: seen });
    }
    for (const key of this.#seen.keys()) {
      if (objects.has(key)) continue;
      this.#seen.delete(key);
      this.#actors.get(key)?.send({ type: "seen", object: undefined, version });
    }
  }

  /** Undefined after an exception stopped the actor, until it restarts. */
  #spawn(key: string, wanted: KubeObject | undefined): ManagedObject | undefined {
    if (this.#breakdowns.failureOf(key) !== undefined) return undefined;
    const actual = this.view.objects.get(key);
    const input = {
      wanted,
      actual,
      version: BigInt(actual?.metadata.resourceVersion ?? 0),
      lingerMs: this.#options.lingerMs?.(wanted ?? actual) ?? 0,
      comparedBy: this.#options.comparedBy ?? "content",
    };
    const end = () => {
      if (this.#actors.get(key) === actor) this.#actors.delete(key);
    };
    const failed = (error: unknown) => {
      end();
      // The object is reported to the next actor again.
      this.#seen.delete(key);
      this.#breakdowns.restartLater(key, error);
    };
    const broke = (error: unknown) => this.#breakdowns.report(key, error);
    const owner = { failed, broke, done: end };
    const actor: ManagedObject = observedActor(this.#logic, { id: key, input }, owner);
    this.#actors.set(key, actor);
    actor.start();
    return actor;
  }

  /** A write that was aborted while it waited is not made. */
  #limited<T>(signal: AbortSignal, write: () => Promise<T>): Promise<T> {
    return this.#options.writes(async () => {
      signal.throwIfAborted();
      try {
        return await refusing(write);
      } catch (error) {
        this.#options.onTrouble?.((error as Error).cause ?? error);
        throw error;
      }
    });
  }
}
