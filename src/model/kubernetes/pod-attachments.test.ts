import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { annotation } from "./labels.ts";
import {
  attachmentsOf,
  connectionsOf,
  readListed,
  unassignedOf,
  writeListed,
} from "./pod-attachments.ts";
import type { Pod } from "./worker-pod.ts";

const podWith = (annotations: Readonly<Record<string, string>>): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "web", annotations },
});
const own = { [annotation.connection]: "bank", [annotation.child]: "prod" };
const other = {
  [annotation.connection]: "plant",
  [annotation.child]: "plc",
  [annotation.vxlanIp]: "10.0.3.4/24",
};

describe("the attachments of a pod", () => {
  it("are that of the separate annotations and those of the list", () => {
    const of = (annotations: Readonly<Record<string, string>>) =>
      attachmentsOf(podWith(annotations)).map((one) => one.annotations);
    const attached = { [annotation.attached]: writeListed([other]) };
    assert.deepEqual(of({ other: "x" }), []);
    assert.deepEqual(of(own), [own]);
    assert.deepEqual(of(attached), [other]);
    assert.deepEqual(of({ ...own, ...attached }), [{ ...own, ...attached }, other]);
    assert.deepEqual([...connectionsOf(podWith({ ...own, ...attached }))], ["bank", "plant"]);
  });

  it("are the same objects each time", () => {
    const pod = podWith({ ...own, [annotation.attached]: writeListed([other]) });
    for (const [i, attachment] of attachmentsOf(pod).entries())
      assert.equal(attachmentsOf(pod)[i], attachment);
  });

  it("are unassigned if the operator wrote no result for their entry", () => {
    const requests = JSON.stringify([
      { ipmanName: "plant", childName: "plc", poolName: "main", keepAddress: true },
      { ipmanName: "bank", childName: "test", poolName: "main" },
    ]);
    const children = (pod: Pod) =>
      unassignedOf(pod).map((one) => one.annotations[annotation.child]);
    const asked = { ...own, [annotation.attachments]: requests };
    assert.deepEqual(children(podWith(asked)), ["plc", "test"]);
    const answered = { ...asked, [annotation.attached]: writeListed([other]) };
    assert.deepEqual(children(podWith(answered)), ["test"]);
    assert.deepEqual(children(podWith(own)), []);
  });

  it("are written with short names", () => {
    assert.equal(
      writeListed([other]),
      '[{"ipmanName":"plant","childName":"plc","vxlanIp":"10.0.3.4/24"}]',
    );
    assert.deepEqual(readListed(writeListed([own, other])), [own, other]);
  });

  it("are none in a list that the operator cannot have written", () => {
    const many = JSON.stringify(Array.from({ length: 9 }, () => ({ ipmanName: "bank" })));
    for (const text of [undefined, "", "[{", "{}", "7", many])
      assert.deepEqual(readListed(text), []);
    assert.deepEqual(readListed('[7,null,"x",{"ipmanName":1,"childName":"a"}]'), [
      {},
      {},
      {},
      { [annotation.child]: "a" },
    ]);
  });
});
