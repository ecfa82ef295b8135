import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { childSpec, connectionSpec } from "../../lab/sites/manifests.ts";
import { Declared } from "../../src/adapters/kubernetes/declared.ts";
import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import {
  emptyReservations,
  reservationsConfigMap,
} from "../../src/model/addresses/connection-reservations.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import { annotation, label } from "../../src/model/kubernetes/labels.ts";
import { DeclaredAdmission } from "../../src/runtime/operator/admission/admit-declared.ts";
import { asking, gateway, Replica } from "../simulator/admitting.ts";
import { KubeApi } from "../simulator/kube-api.ts";
import { pass } from "../simulator/two-replicas.ts";

const { ConfigMap, IPSecConnection, Pod } = resourceTypes;
const net = childSpec(2, { name: "net", ip_pools: { primary: ["10.0.2.10-10.0.2.19"] } });

/** A replica and an API server with one connection, which the pods of these namespaces may use. */
class World implements Disposable {
  readonly api = new KubeApi(() => 1);
  readonly #replica: Replica;
  #generation = 0;

  constructor(allowedNamespaces: readonly string[] | undefined, requireAllowedNamespaces = false) {
    this.declare(allowedNamespaces);
    this.api.put(Pod, gateway);
    this.#replica = new Replica(this.api, true, { requireAllowedNamespaces });
  }

  declare(allowedNamespaces: readonly string[] | undefined): void {
    const given = { children: { net }, nodeName: "node-a", allowedNamespaces };
    const { metadata, ...rest } = connectionSpec("partner", given) as KubeObject;
    const generation = ++this.#generation;
    this.api.put(IPSecConnection, { ...rest, metadata: { ...metadata, generation } });
  }

  /** The answer for a pod of a namespace, and the number of milliseconds that it took. */
  async asked(namespace: string, wish: Readonly<Record<string, string>> = {}) {
    const { metadata, ...pod } = asking("web-0", wish);
    const since = Date.now();
    const answer = this.#replica.admit({ ...pod, metadata: { ...metadata, namespace } });
    let took: number | undefined;
    void answer.then(() => (took = Date.now() - since));
    await pass(8_000);
    return { answer: await answer, took };
  }

  /** The warnings for the author of such a connection. */
  async warned(
    allowedNamespaces: readonly string[] | undefined,
    child: object = net,
    name = "other",
  ) {
    const client = this.api.client();
    using declared = new Declared(client, {});
    const rule = { requireAllowedNamespaces: true };
    const { cluster } = this.#replica;
    const admission = new DeclaredAdmission({ cluster, declared, client }, rule);
    const given = { children: { net: child }, nodeName: "node-a", allowedNamespaces };
    const object = connectionSpec(name, given) as KubeObject;
    const kind = { kind: "IPSecConnection" };
    const request = { uid: "u", kind, operation: "CREATE" as const, object, oldObject: null };
    const verdict = await admission.admit(request);
    return verdict.allowed ? (verdict.warnings ?? []) : [verdict.message];
  }

  [Symbol.dispose](): void {
    this.#replica[Symbol.dispose]();
  }
}

const denialOf = (answer: object) => ("denied" in answer ? String(answer.denied) : "admitted");

describe("a connection", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] }));
  after(() => mock.timers.reset());

  it("is refused to a namespace that may not use it with the text and delay of a missing one", async () => {
    using world = new World(["bank"]);
    await pass(200);
    const named = { [annotation.connection]: "partner", [annotation.child]: "net" };
    const wishes = [
      named,
      { ...named, [annotation.connection]: "nothing" },
      { ...named, [annotation.child]: "nothing" },
    ];
    const refusals = [];
    for (const wish of wishes) {
      const { answer, took } = await world.asked("tenant", wish);
      const text = denialOf(answer)
        .replace(`"${wish[annotation.connection]}"`, "CONNECTION")
        .replace(`"${wish[annotation.child]}"`, "CHILD");
      refusals.push({ text, took });
    }
    const [first, ...others] = refusals;
    assert.match(first?.text ?? "", /^child CHILD of IPSecConnection CONNECTION is not available/);
    assert.match(
      first?.text ?? "",
      /ask the cluster's administrator to add tenant to its spec\.allowed/,
    );
    for (const other of others) assert.deepEqual(other, first);
    for (const secret of ["partner", "bank"]) assert.ok(!first?.text.includes(secret));
    assert.equal(denialOf((await world.asked("bank")).answer), "admitted");
  });

  it("without allowedNamespaces is available to every namespace, or to none if the field is required", async () => {
    using open = new World(undefined);
    using closed = new World(undefined, true);
    await pass(200);
    assert.equal(denialOf((await open.asked("tenant")).answer), "admitted");
    assert.match(denialOf((await closed.asked("tenant")).answer), /is not available to namespace/);
    closed.declare(["tenant"]);
    await pass(200);
    assert.equal(denialOf((await closed.asked("tenant")).answer), "admitted");
    assert.match(denialOf((await closed.asked("other")).answer), /is not available to namespace/);
  });

  it("without allowedNamespaces causes a warning if the field is required", async () => {
    using world = new World(["tenant"], true);
    await pass(200);
    assert.deepEqual(await world.warned(["tenant"]), []);
    const [warning, ...more] = await world.warned(undefined);
    assert.match(warning ?? "", /^spec\.allowedNamespaces is missing: no pod can join/);
    assert.deepEqual(more, []);
  });

  it("causes a warning for a selector that does not become a route", async () => {
    using world = new World(["tenant"]);
    await pass(200);
    const any = { ...net, local_ips: ["0.0.0.0/0"], remote_ips: ["10.9.0.0/16", "0.0.0.0/0"] };
    const [warning, ...more] = await world.warned(["tenant"], any);
    assert.match(
      warning ?? "",
      /^spec\.children\.net\.remote_ips\[1\]: 0\.0\.0\.0\/0 does not become a route/,
    );
    assert.deepEqual(more, []);
    assert.deepEqual(await world.warned(["tenant"], { ...any, routes: ["10.8.0.0/16"] }), []);
  });

  it("causes a warning if a change of its pool takes the address of a Service", async () => {
    using world = new World(["tenant"]);
    const empty = emptyReservations("partner", { namespace: "ipman-system", owner: undefined });
    const services = { "10.0.2.10": [{ service: "tenant/web", uid: "u" }] };
    world.api.put(ConfigMap, reservationsConfigMap({ ...empty, services }));
    await pass(200);
    assert.deepEqual(await world.warned(["tenant"], net, "partner"), []);
    const smaller = { ...net, ip_pools: { primary: ["10.0.2.11-10.0.2.19"] } };
    const [warning, ...more] = await world.warned(["tenant"], smaller, "partner");
    assert.match(
      warning ?? "",
      /^spec\.children\.net\.ip_pools\.primary: Services lose .*: 10\.0\.2\.10 of tenant\/web$/,
    );
    assert.deepEqual(more, []);
  });

  it("does not reveal the names of another namespace's pods", async () => {
    using world = new World(["tenant", "bank"]);
    await pass(200);
    const wish = { [annotation.address]: "10.0.2.15" };
    const { answer } = await world.asked("bank", wish);
    assert.ok("pod" in answer);
    const { labels } = answer.pod.metadata;
    assert.equal(labels?.[label.worker], "net");
    world.api.put(Pod, answer.pod);
    await pass(2_000);
    const refusal = denialOf((await world.asked("tenant", wish)).answer);
    assert.match(refusal, /10\.0\.2\.15 of pool "primary" is taken$/);
    assert.match(denialOf((await world.asked("bank", wish)).answer), /is taken: pod bank\/web-0/);
  });
});
