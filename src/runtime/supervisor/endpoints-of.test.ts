import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Worker } from "../../model/network/endpoint.ts";
import { workerOf } from "../../../test/simulator/kernel/plans.ts";
import { endpointsOf } from "./endpoints-of.ts";

const one = workerOf("10.0.2.3/24", "198.18.0.3");
const two = { ...workerOf("10.0.2.4/24", "198.18.0.4"), reservation: "2" };

const placed = (workers: readonly Worker[]) => ({ gateways: [], workers, services: new Map() });
const workersOf = (endpoints: ReturnType<typeof endpointsOf>): readonly Worker[] =>
  [...endpoints.values()].flatMap((children) =>
    [...children.values()].flatMap(({ workers }) => workers),
  );

describe("the endpoints of a connection", () => {
  it("are the same objects if the pods of its workers were read again", () => {
    const before = endpointsOf(placed([one, two]), new Map());
    const again = endpointsOf(placed([{ ...one }, { ...two }]), before);
    assert.equal([...again.values()][0], [...before.values()][0]);
  });

  it("have the former object of each worker that did not change", () => {
    const before = endpointsOf(placed([one, two]), new Map());
    const moved = { ...two, underlay: one.underlay };
    const after = workersOf(endpointsOf(placed([{ ...one }, moved]), before));
    assert.deepEqual(
      after.map((worker) => [one, two, moved].indexOf(worker)),
      [0, 2],
    );
  });
});
