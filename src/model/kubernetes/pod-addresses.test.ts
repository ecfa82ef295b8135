import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatAddress } from "../net/address.ts";
import { podAddresses } from "./pod-addresses.ts";
import { trimmedPod } from "./worker-pod.ts";

const read = (status: unknown) => {
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "a" }, status };
  const found = podAddresses(trimmedPod(pod as never));
  return found && [found.underlay, found.alternate].map((known) => known && formatAddress(known));
};

describe("the addresses of a pod", () => {
  it("are its first one, and the first one of the other family", () => {
    assert.deepEqual(read({ podIP: "10.0.0.1" }), ["10.0.0.1", undefined]);
    const one = { podIP: "10.0.0.1", podIPs: [{ ip: "10.0.0.1" }] };
    assert.deepEqual(read(one), ["10.0.0.1", undefined]);
    const both = [{ ip: "fd00::1" }, { ip: "10.0.0.1" }];
    assert.deepEqual(read({ podIP: "fd00::1", podIPs: both }), ["fd00::1", "10.0.0.1"]);
    assert.deepEqual(read({ podIPs: both }), ["fd00::1", "10.0.0.1"]);
  });

  it("do not include malformed ones", () => {
    for (const podIPs of [undefined, null, "fd00::1", {}, 7])
      assert.deepEqual(read({ podIP: "10.0.0.1", podIPs }), ["10.0.0.1", undefined]);
    const entries = [null, {}, { ip: 7 }, { ip: "node-a" }, { ip: "10.0.0.2" }, { ip: "fd00::1" }];
    assert.deepEqual(read({ podIP: "10.0.0.1", podIPs: entries }), ["10.0.0.1", "fd00::1"]);
  });

  it("are missing before the pod has its network", () => {
    for (const status of [undefined, {}, { podIP: "" }, { podIP: "node-a" }, { podIPs: [] }])
      assert.equal(read(status), undefined);
  });
});
