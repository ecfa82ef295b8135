import assert from "node:assert/strict";
import { it } from "node:test";
import { childSpec, connectionSpec } from "../../lab/sites/manifests.ts";
import { Declared } from "../../src/adapters/kubernetes/declared.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import { DeclaredAdmission } from "../../src/runtime/operator/admission/admit-declared.ts";
import { Replica } from "../simulator/admitting.ts";
import { KubeApi } from "../simulator/kube-api.ts";

it("the webhook warns of options that charon may reject, and of networks on both sides", async () => {
  const api = new KubeApi(() => 1);
  using replica = new Replica(api, true);
  const client = api.client();
  using declared = new Declared(client, {});
  const admission = new DeclaredAdmission({ cluster: replica.cluster, declared, client });
  const child = childSpec(2, { remote_ips: ["10.0.2.0/24"], extra: { icmp: "yes" } });
  const object = connectionSpec("partner", {
    nodeName: "node-a",
    extra: { no_such_option: "x" },
    children: { net: child },
  }) as KubeObject;
  const kind = { kind: "IPSecConnection" };
  const request = { uid: "u", kind, operation: "CREATE" as const, object, oldObject: null };
  const verdict = await admission.admit(request);
  assert.ok(verdict.allowed);
  const [unknown, networks, newer, ...more] = verdict.warnings ?? [];
  assert.match(unknown ?? "", /^spec\.extra\.no_such_option: is not an option that ipman knows: /);
  assert.match(networks ?? "", /^spec\.children\.net\.remote_ips\[0\]: 10\.0\.2\.0\/24 is in/);
  assert.match(newer ?? "", /^spec\.children\.net\.extra\.icmp: needs charon 6\.0\.5 or later/);
  assert.deepEqual(more, []);
});
