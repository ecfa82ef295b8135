import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { failure, Reason } from "../../model/status/failure.ts";
import type { Status } from "../../model/status/status.ts";
import { statusText } from "./status-series.ts";

describe("the metric of children that are up", () => {
  const children = [
    { key: "up", state: "established", traffic: undefined },
    { key: "down", state: "negotiating", traffic: undefined },
    { key: "silent", state: "established", traffic: failure(Reason.NothingReceived, "") },
    { key: "broken", state: "established", traffic: failure(Reason.IntegrityMismatch, "") },
  ];

  it("is 0 for a child that carries nothing although its CHILD SA is up", () => {
    const connections = [{ id: "site", state: "established", children }];
    const text = statusText({ connections } as unknown as Status);
    const values = [...text.matchAll(/^ipman_child_up\{.*child="(\w+)"\} (\d)$/gm)];
    assert.deepEqual(
      values.map(([, child, value]) => `${child} ${value}`),
      ["up 1", "down 0", "silent 1", "broken 0"],
    );
  });
});
