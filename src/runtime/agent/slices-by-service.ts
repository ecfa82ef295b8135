import type { Change, ObjectStore } from "../../adapters/kubernetes/client/object-store.ts";
import type { EndpointSlice } from "../../model/services/endpoint-slice.ts";

const noServices: ReadonlySet<string> = new Set();

/** The EndpointSlices of a store by their Services. A change costs no more than those of its Service. */
export class SlicesByService {
  readonly #objects: ObjectStore<EndpointSlice>["objects"];
  /** By `namespace/name` of the Service, and by the slice's name. */
  readonly #slices = new Map<string, Map<string, EndpointSlice>>();
  readonly #sorted = new Map<string, readonly EndpointSlice[]>();

  constructor(objects: ObjectStore<EndpointSlice>["objects"]) {
    this.#objects = objects;
    this.#readAll();
  }

  /** @returns the Services that a change concerns; undefined if it may concern all */
  update(change: Change<EndpointSlice>): ReadonlySet<string> | undefined {
    if (change.type === "progress") return noServices;
    if (change.type === "all") {
      this.#readAll();
      return undefined;
    }
    const { object, before } = change;
    const changed = new Set<string>();
    for (const slice of [before, object]) if (slice !== undefined) this.#drop(slice, changed);
    if (change.type !== "delete") this.#keep(object, changed);
    return changed;
  }

  /** The slices of a Service by their names. */
  of(service: string): readonly EndpointSlice[] {
    const known = this.#sorted.get(service);
    if (known !== undefined) return known;
    const slices = [...(this.#slices.get(service)?.values() ?? [])];
    const sorted = slices.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    if (sorted.length > 0) this.#sorted.set(service, sorted);
    return sorted;
  }

  #readAll(): void {
    this.#slices.clear();
    this.#sorted.clear();
    const changed = new Set<string>();
    for (const slice of this.#objects.values()) this.#keep(slice, changed);
  }

  #keep(slice: EndpointSlice, changed: Set<string>): void {
    const { service } = slice;
    if (service === undefined) return;
    const slices = this.#slices.get(service) ?? new Map<string, EndpointSlice>();
    this.#slices.set(service, slices.set(slice.metadata.name, slice));
    this.#note(service, changed);
  }

  #drop({ service, metadata }: EndpointSlice, changed: Set<string>): void {
    if (service === undefined) return;
    const slices = this.#slices.get(service);
    slices?.delete(metadata.name);
    if (slices?.size === 0) this.#slices.delete(service);
    this.#note(service, changed);
  }

  #note(service: string, changed: Set<string>): void {
    this.#sorted.delete(service);
    changed.add(service);
  }
}
