import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connectionSpec } from "../../lab/sites/manifests.ts";
import { desiredState, nothingDesired } from "../../src/runtime/desired/desired-state.ts";
import { pathConnections } from "../../src/model/api/path.ts";
import type { Resource } from "../../src/model/api/resource.ts";
import { ikeMessageFrom, messageFromConnection } from "../../src/model/charon/vici-message.ts";
import { connectionWarnings } from "../../src/model/validation/connection-warnings.ts";
import { charonGroupProblems } from "../../src/model/validation/object-problems.ts";

const group = (spec: object) => ({
  apiVersion: "ipman.dialo.ai/v1",
  kind: "CharonGroup",
  metadata: { name: "edge", namespace: "default" },
  spec: { hostNetwork: false, nodeName: "node-a", ...spec },
});
const groupRef = { namespace: "default", name: "edge" };

const manifest = (changes: object) =>
  connectionSpec("site", { localAddr: "", groupRef, ...changes });

/** The connection of a group as an agent has it. */
function connection(ofGroup: object, changes: object = {}, document = manifest(changes)) {
  const resources: Resource[] = [
    { kind: "CharonGroup", key: "default/edge", source: "g.yaml", document: group(ofGroup) },
    { kind: "IPSecConnection", key: "site", source: "c.yaml", document },
  ];
  const state = desiredState(nothingDesired, { resources, problems: [] }, { scope: "cluster" });
  assert.deepEqual([...state.problems.values()], []);
  const found = state.connections.get("site");
  assert.ok(found !== undefined);
  return found;
}

const fronted = { frontendServiceType: "LoadBalancer" };

describe("a CharonGroup with a Service", () => {
  const problems = (spec: object) =>
    charonGroupProblems(group(spec)).map(({ path, message }) => `${path}: ${message}`);

  it("may have charon on either network", () => {
    for (const hostNetwork of [false, true])
      assert.deepEqual(problems({ ...fronted, hostNetwork }), []);
  });

  it("has a type that can lead to a pod, and an address for a load balancer", () => {
    assert.match(problems({ frontendServiceType: "ExternalName" })[0] ?? "", /frontendServiceType/);
    const named = { ...fronted, frontendLoadBalancerIP: "lb.example.org" };
    assert.match(problems(named)[0] ?? "", /^spec\.frontendLoadBalancerIP: "lb\.example\.org" is/);
    assert.deepEqual(problems({ ...fronted, frontendLoadBalancerIP: "2001:db8::1" }), []);
    assert.deepEqual(problems({ ...fronted, frontendLoadBalancerIP: "" }), []);
  });
});

describe("a connection behind a Service", () => {
  const encapOf = (one: ReturnType<typeof connection>) =>
    messageFromConnection(one)["site"]?.["encap"];

  it("encapsulates ESP in UDP, unless the manifest says otherwise", () => {
    assert.equal(encapOf(connection(fronted)), "yes");
    assert.equal(encapOf(connection({})), undefined);
    // On the node's network, ESP arrives without the Service as well.
    assert.equal(encapOf(connection({ ...fronted, hostNetwork: true })), undefined);
    assert.equal(encapOf(connection(fronted, { extra: { encap: "no" } })), "no");
  });

  it("gets a new IKE SA when the Service appears, since a running one would not encapsulate", () => {
    const document = manifest({});
    const [without, behind] = [{}, fronted].map((spec) => connection(spec, {}, document));
    assert.ok(without !== undefined && behind !== undefined);
    assert.notDeepEqual(ikeMessageFrom(behind), ikeMessageFrom(without));
  });

  const warnings = (ofGroup: object, changes: object) =>
    connectionWarnings(connection(ofGroup, changes)).map(({ path }) => path);

  it("is warned of options that cannot work there", () => {
    const changes = { extra: { encap: "no" }, localAddr: "192.0.2.10" };
    assert.deepEqual(warnings(fronted, changes), ["spec.extra.encap", "spec.localAddr"]);
    assert.deepEqual(warnings({}, changes), []);
    assert.deepEqual(warnings(fronted, { extra: { encap: "true" } }), []);
  });

  it("encapsulates only on the paths of groups that have a Service", () => {
    const elsewhere = { name: "b", remoteAddr: "192.0.2.9", nodeName: "node-b" };
    const changes = { paths: [{ name: "a" }, elsewhere], extra: { encap: "no" } };
    const { extra: _, ...defaults } = changes;
    const encapOfPaths = (spec: object, declared: object) =>
      pathConnections(connection(spec, declared)).map(
        ({ connection: of }) => Object.values(messageFromConnection(of))[0]?.["encap"],
      );
    assert.deepEqual(encapOfPaths(fronted, defaults), ["yes", undefined]);
    assert.deepEqual(encapOfPaths({}, defaults), [undefined, undefined]);
    assert.deepEqual(warnings(fronted, changes), ["spec.extra.encap"]);
    const behind = { ...elsewhere, nodeName: undefined, groupRef };
    const reversed = { nodeName: "node-a", groupRef: undefined, paths: [{ name: "a" }, behind] };
    assert.deepEqual(encapOfPaths(fronted, reversed), [undefined, "yes"]);
    const off = { ...reversed, extra: { encap: "no" } };
    assert.deepEqual(warnings(fronted, off), ["spec.paths[1].extra.encap"]);
  });

  it("is warned of a path's own options once", () => {
    const plain = [{ name: "a" }, { name: "b", remoteAddr: "192.0.2.9" }];
    const paths = [plain[0], { ...plain[1], extra: { encap: "no" } }];
    assert.deepEqual(warnings(fronted, { paths }), ["spec.paths[1].extra.encap"]);
    const both = { paths: plain, extra: { encap: "no" } };
    assert.deepEqual(warnings(fronted, both), ["spec.extra.encap"]);
  });
});
