import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { trimmedSlice, type EndpointSlice } from "../../model/services/endpoint-slice.ts";
import { sliceObject } from "../../model/services/services.fixture.ts";
import { SlicesByService } from "./slices-by-service.ts";

const slice = (service: string, name: string) => trimmedSlice(sliceObject(service, name, []));
const key = (name: string) => `shop/${name}`;

/** The slices of a store, as its changes arrive. */
class World {
  readonly objects = new Map<string, EndpointSlice>();
  readonly slices = new SlicesByService(this.objects);

  put(object: EndpointSlice) {
    const at = key(object.metadata.name);
    const before = this.objects.get(at);
    this.objects.set(at, object);
    const known = before === undefined ? {} : { before };
    return this.slices.update({ type: "put", key: at, object, ...known });
  }

  delete(name: string) {
    const object = this.objects.get(key(name)) as EndpointSlice;
    this.objects.delete(key(name));
    return this.slices.update({ type: "delete", key: key(name), object, before: object });
  }

  names(service: string): string[] {
    return this.slices.of(service).map(({ metadata }) => metadata.name);
  }
}

describe("the slices of Services", () => {
  it("are sorted by their names, and one list until one of them changes", () => {
    const world = new World();
    for (const name of ["b", "a"]) world.put(slice("shop/web", name));
    assert.deepEqual(world.names("shop/web"), ["a", "b"]);
    const before = world.slices.of("shop/web");
    assert.deepEqual(world.put(slice("shop/db", "c")), new Set(["shop/db"]));
    assert.equal(world.slices.of("shop/web"), before);
    world.delete("a");
    assert.deepEqual(world.names("shop/web"), ["b"]);
    assert.deepEqual(world.delete("b"), new Set(["shop/web"]));
    assert.deepEqual(world.names("shop/web"), []);
  });

  it("leave a Service when their label names another one", () => {
    const world = new World();
    world.put(slice("shop/web", "a"));
    assert.deepEqual(world.put(slice("shop/db", "a")), new Set(["shop/web", "shop/db"]));
    assert.deepEqual([world.names("shop/web"), world.names("shop/db")], [[], ["a"]]);
  });

  it("are read again with the whole list", () => {
    const world = new World();
    world.put(slice("shop/web", "a"));
    assert.deepEqual(world.names("shop/web"), ["a"]);
    world.objects.clear();
    world.objects.set(key("b"), slice("shop/web", "b"));
    assert.equal(world.slices.update({ type: "all" }), undefined);
    assert.deepEqual(world.names("shop/web"), ["b"]);
    assert.deepEqual(world.slices.update({ type: "progress" }), new Set());
  });
});
