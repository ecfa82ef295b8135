import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connectionOf } from "../../../test/models/fixtures.ts";
import { workerOf } from "../../../test/simulator/kernel/plans.ts";
import type { Connection } from "../../model/api/connection.ts";
import { earlierWorkers } from "./earlier-workers.ts";

const path = (name: string) => ({ ...connectionOf(), name, groupRef: undefined, nodeName: name });
const onTwoNodes = { ...connectionOf(), paths: ["a", "b"].map(path) } as unknown as Connection;
const earlier = Array.from({ length: 6 }, (_, i) => workerOf(`10.0.2.${i + 3}/24`, "10.244.0.3"));
const known = { ...workerOf("10.0.2.9/24", "10.244.0.9"), severalGateways: true } as const;

describe("the diagnosis of workers that know of one gateway only", () => {
  it("names the first of them, and the way out", () => {
    const [finding] = earlierWorkers({ connection: onTwoNodes, workers: [known, ...earlier] });
    assert.equal(finding?.verdict, "note");
    assert.match(finding.message, /: 10\.0\.2\.3\/24, .*, 10\.0\.2\.7\/24 and 1 more; until/);
    assert.match(finding.hint ?? "", /create these pods again/);
    const [one] = earlierWorkers({ connection: onTwoNodes, workers: earlier.slice(0, 1) });
    assert.match(one?.message ?? "", /: 10\.0\.2\.3\/24; until/);
  });

  it("finds none if all know of several, or if all paths are on one node", () => {
    assert.deepEqual(earlierWorkers({ connection: onTwoNodes, workers: [known] }), []);
    assert.deepEqual(earlierWorkers({ connection: connectionOf(), workers: earlier }), []);
  });
});
