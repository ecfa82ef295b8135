import assert from "node:assert/strict";
import { it } from "node:test";
import type { KubeClient } from "../../../adapters/kubernetes/client/kube-client.ts";
import { KubeError, type KubeErrorCode } from "../../../adapters/kubernetes/client/kube-error.ts";
import { releaseOwner } from "./release-owner.ts";

/** A server that returns these answers, one after the other. */
function seeking(...answers: (KubeErrorCode | "found")[]) {
  const troubles: KubeErrorCode[] = [];
  const get = () => {
    const answer = answers.shift() ?? "unavailable";
    if (answer !== "found") return Promise.reject(new KubeError("get", answer, 0, answer));
    return Promise.resolve({ apiVersion: "v1", kind: "ServiceAccount", metadata: { uid: "u" } });
  };
  const ending = new AbortController();
  const found = releaseOwner({
    client: { get } as unknown as KubeClient,
    namespace: "ns",
    owner: "ServiceAccount/ipman",
    signal: ending.signal,
    onTrouble: (error) => troubles.push((error as KubeError).code),
  });
  return { found, troubles, ending };
}

it("the search for the release's owner continues while the API server is unavailable", async () => {
  const { found, troubles } = seeking("unavailable", "denied", "found");
  assert.deepEqual(await found, {
    apiVersion: "v1",
    kind: "ServiceAccount",
    name: "ipman",
    uid: "u",
  });
  assert.deepEqual(troubles, ["unavailable", "denied"]);
});

it("the search for the release's owner fails if the owner does not exist", async () => {
  await assert.rejects(seeking("not-found").found, { code: "not-found" });
});

it("the search for the release's owner ends with the operator", async () => {
  const { found, ending } = seeking();
  setImmediate(() => ending.abort());
  await assert.rejects(found, { name: "AbortError" });
});
