import type { KubeObject, OwnerReference } from "../../model/kubernetes/kube-object.ts";
import { microTime } from "./events.ts";
import type { KubeClient } from "./client/kube-client.ts";
import { KubeError } from "./client/kube-error.ts";
import { resourceTypes } from "./client/resource-type.ts";

interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

type Lease = KubeObject & { readonly spec: LeaseSpec };

/** client-go's leaderelection.LeaseDuration. */
const leaseSeconds = 15;

/**
 * A Lease that one of several processes holds, by client-go's rules: it is free when its holder
 * has not renewed it for its duration, measured by the local monotonic clock, and every write
 * requires the version on which it was decided.
 */
export class LeaseLock {
  readonly #client: KubeClient;
  readonly #place: { readonly namespace: string; readonly name: string };
  readonly #identity: string;
  readonly #owner: OwnerReference | undefined;
  #observed: string | undefined;
  #observedAt = 0;

  /**
   * @param identity unique to this process
   * @param owner the Lease is deleted with it
   */
  constructor(
    client: KubeClient,
    place: { readonly namespace: string; readonly name: string },
    identity: string,
    owner?: OwnerReference,
  ) {
    this.#client = client;
    this.#place = place;
    this.#identity = identity;
    this.#owner = owner;
  }

  /** Acquires or renews the lease; returns whether this process holds it. */
  async acquire(): Promise<boolean> {
    const lease = await this.#read();
    if (lease === undefined) return this.#create();
    const { spec } = lease;
    this.#observe(spec);
    if (spec.holderIdentity !== this.#identity && !this.#isFree(spec)) return false;
    const ours = spec.holderIdentity === this.#identity;
    return this.#write(lease, {
      holderIdentity: this.#identity,
      leaseDurationSeconds: leaseSeconds,
      acquireTime: ours ? (spec.acquireTime ?? microTime()) : microTime(),
      renewTime: microTime(),
      leaseTransitions: (spec.leaseTransitions ?? 0) + (ours ? 0 : 1),
    });
  }

  /** Releases the lease, so that no other process waits for its end. */
  async release(): Promise<void> {
    const lease = await this.#read();
    if (lease?.spec.holderIdentity !== this.#identity) return;
    const { leaseTransitions = 0 } = lease.spec;
    await this.#write(lease, { holderIdentity: "", leaseDurationSeconds: 1, leaseTransitions });
  }

  #observe(spec: LeaseSpec): void {
    const record = JSON.stringify(spec);
    if (record === this.#observed) return;
    this.#observed = record;
    this.#observedAt = performance.now();
  }

  #isFree({ holderIdentity, leaseDurationSeconds = leaseSeconds }: LeaseSpec): boolean {
    if (holderIdentity === undefined || holderIdentity === "") return true;
    return performance.now() - this.#observedAt > leaseDurationSeconds * 1_000;
  }

  async #read(): Promise<Lease | undefined> {
    try {
      return await this.#client.get<Lease>(resourceTypes.Lease, this.#place);
    } catch (error) {
      if (error instanceof KubeError && error.code === "not-found") return undefined;
      throw error;
    }
  }

  async #create(): Promise<boolean> {
    const now = microTime();
    const spec: LeaseSpec = {
      holderIdentity: this.#identity,
      leaseDurationSeconds: leaseSeconds,
      acquireTime: now,
      renewTime: now,
      leaseTransitions: 0,
    };
    const { apiVersion, kind } = resourceTypes.Lease;
    const owned = this.#owner === undefined ? {} : { ownerReferences: [this.#owner] };
    const lease: Lease = { apiVersion, kind, metadata: { ...this.#place, ...owned }, spec };
    return this.#unlessBeaten(() => this.#client.create(resourceTypes.Lease, lease));
  }

  #write(lease: Lease, spec: LeaseSpec): Promise<boolean> {
    return this.#unlessBeaten(() => this.#client.replace(resourceTypes.Lease, { ...lease, spec }));
  }

  async #unlessBeaten(write: () => Promise<Lease>): Promise<boolean> {
    try {
      this.#observe((await write()).spec);
      return true;
    } catch (error) {
      if (error instanceof KubeError && (error.code === "conflict" || error.code === "exists"))
        return false;
      throw error;
    }
  }
}
