import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findPodNamespace } from "./pod-namespace.ts";

describe("the search for a pod's namespace", () => {
  /** A uid that no cgroup contains. */
  const uid = "00000000-0000-4000-8000-000000000000";
  const found = async (sandboxPid: () => Promise<number | undefined>) => {
    const troubles: unknown[] = [];
    const onRuntimeTrouble = (error: unknown) => void troubles.push(error);
    const namespace = await findPodNamespace({
      runtime: { sandboxPid },
      uid,
      addresses: [],
      onRuntimeTrouble,
    });
    return { namespace, troubles };
  };

  it("reports an error of the container runtime, and continues without it", async () => {
    const failure = new Error("14 UNAVAILABLE: no connection established");
    const { namespace, troubles } = await found(() => Promise.reject(failure));
    assert.equal(namespace, undefined);
    assert.deepEqual(troubles, [failure]);
  });

  it("reports nothing if the runtime does not know the pod", async () => {
    assert.deepEqual((await found(async () => undefined)).troubles, []);
  });
});
