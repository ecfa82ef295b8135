import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { childSpec, connectionSpec } from "../../lab/sites/manifests.ts";
import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import { annotation, label } from "../../src/model/kubernetes/labels.ts";
import { DefaultsAdmission } from "../../src/runtime/operator/admission/admit-defaults.ts";
import { asking, creationOf, gateway, Replica, storedBy } from "../simulator/admitting.ts";
import { KubeApi, type Denies } from "../simulator/kube-api.ts";
import { pass } from "../simulator/two-replicas.ts";

const { ConfigMap, IPSecConnection, Namespace, Pod } = resourceTypes;
const net = childSpec(2, { name: "net", ip_pools: { primary: ["10.0.2.10-10.0.2.11"] } });
const three = {
  [annotation.connection]: "partner",
  [annotation.child]: "net",
  [annotation.pool]: "primary",
};

type Texts = Readonly<Record<string, string>>;

/** A replica and an API server with a connection for the namespaces shop and bank. */
class World implements Disposable {
  readonly api = new KubeApi(() => 1);
  readonly #replica = new Replica(this.api, true);
  readonly #defaults: DefaultsAdmission;

  constructor(denies?: Denies) {
    const given = { children: { net }, nodeName: "node-a", allowedNamespaces: ["shop", "bank"] };
    this.api.put(IPSecConnection, connectionSpec("partner", given) as KubeObject);
    this.api.put(Pod, gateway);
    const pods = this.#replica.admission;
    const client = this.api.client(() => 0, denies);
    this.#defaults = new DefaultsAdmission({ client, pods, onTrouble: () => {} });
  }

  label(name: string, annotations: Texts = three, labels: Texts = {}): void {
    const given = { labels: { [label.defaults]: "true", ...labels }, annotations };
    const object = { apiVersion: "v1", kind: "Namespace", metadata: { name, ...given } };
    this.api.put(Namespace, object);
  }

  /** The answer for a pod, by the webhook for namespaces with defaults. */
  async answer(pod: KubeObject, dryRun = false) {
    const answer = this.#defaults.admit({ ...creationOf(pod), dryRun });
    await pass(8_000);
    return storedBy(await answer, pod);
  }

  async admitted(pod: KubeObject): Promise<KubeObject> {
    const answer = await this.answer(pod);
    assert.ok("pod" in answer, JSON.stringify(answer));
    return answer.pod;
  }

  async denial(pod: KubeObject): Promise<string> {
    const answer = await this.answer(pod);
    assert.ok("denied" in answer, JSON.stringify(answer));
    return answer.denied;
  }

  /** How long an answer takes before a deadline. */
  async timed(pod: KubeObject, deadlineMs: number): Promise<number> {
    const since = performance.now();
    await this.#defaults.admit(creationOf(pod), since + deadlineMs);
    return performance.now() - since;
  }

  /** The answer for a pod, by the webhook for annotated pods. */
  async annotated(pod: KubeObject) {
    const answer = this.#replica.admit(pod);
    await pass(8_000);
    return answer;
  }

  get reserved(): string[] {
    return this.api.all(ConfigMap).flatMap((map) => {
      const { pending = "{}" } = (map as { data?: { pending?: string } }).data ?? {};
      return Object.keys(JSON.parse(pending) as object);
    });
  }

  [Symbol.dispose](): void {
    this.#defaults[Symbol.dispose]();
    this.#replica[Symbol.dispose]();
  }
}

function podOf(name: string, annotations: Texts = {}, namespace = "shop"): KubeObject {
  const { metadata, ...pod } = asking(name);
  return { ...pod, metadata: { ...metadata, namespace, annotations } } as KubeObject;
}

describe("a namespace with defaults", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] }));
  after(() => mock.timers.reset());

  it("attaches its pods as if they were annotated", async () => {
    using world = new World();
    world.label("shop");
    await pass(200);
    const pod = await world.admitted(podOf("web", { "example.org/team": "shop" }));
    const own = await world.annotated(podOf("own", { "example.org/team": "shop", ...three }));
    assert.ok("pod" in own);
    const { annotations = {}, labels = {} } = pod.metadata;
    assert.equal(labels[label.worker], "net");
    const { [annotation.requestedBy]: requestedBy, ...others } = annotations;
    assert.equal(requestedBy, "Namespace");
    assert.deepEqual(
      Object.keys(others).toSorted(),
      Object.keys(own.pod.metadata.annotations ?? {}).toSorted(),
    );
    for (const [key, value] of Object.entries({ ...three, "example.org/team": "shop" }))
      assert.equal(others[key], value);
  });

  it("keeps the address of a pod that another webhook changed meanwhile", async () => {
    using world = new World();
    world.label("shop");
    await pass(200);
    const first = await world.admitted(podOf("web"));
    const { annotations = {} } = first.metadata;
    const changed = { ...annotations, "example.org/sidecar": "injected" };
    const second = await world.admitted(podOf("web", changed));
    assert.deepEqual(second.metadata.annotations, changed);
  });

  it("leaves alone pods that opt out, request for themselves or are on their node's network", async () => {
    using world = new World();
    world.label("shop");
    await pass(200);
    const { spec, ...host } = podOf("host") as KubeObject & { spec: object };
    for (const pod of [
      podOf("out", { [annotation.defaults]: "false" }),
      podOf("own", { [annotation.child]: "other" }),
      { ...host, spec: { ...spec, hostNetwork: true } },
    ])
      assert.equal(await world.admitted(pod), pod);
    assert.deepEqual(world.reserved, []);
  });

  it("reserves nothing in a dry run", async () => {
    using world = new World();
    world.label("shop");
    await pass(200);
    const answer = await world.answer(podOf("web"), true);
    assert.ok("pod" in answer);
    assert.match(answer.pod.metadata.annotations?.[annotation.vxlanIp] ?? "", /^10\.0\.2\.1[01]\//);
    const own = ({ metadata }: KubeObject) => metadata.annotations?.[annotation.reservation];
    assert.equal(own(answer.pod), "");
  });

  it("is named as the cause when a pod is refused, with the way out", async () => {
    using world = new World();
    world.label("shop");
    await pass(200);
    for (const name of ["one", "two"]) world.api.put(Pod, await world.admitted(podOf(name)));
    await pass(1_000);
    const denial = await world.denial(podOf("three"));
    assert.match(denial, /^Namespace shop puts its new pods behind a tunnel \(label ipman/);
    assert.match(denial, /partner\/net: .*pool "primary"/);
    assert.match(denial, /annotation ipman\.dialo\.ai\/defaults: "false" is left out$/);
  });

  it("gets no connection that is not available to it, and learns nothing about it", async () => {
    using world = new World();
    world.label("tenant");
    world.label("other", { ...three, [annotation.connection]: "nothing" });
    await pass(200);
    const [hidden, missing] = [
      await world.denial(podOf("web", {}, "tenant")),
      await world.denial(podOf("web", {}, "other")),
    ];
    assert.match(hidden, /child "net" of IPSecConnection "partner" is not available/);
    assert.equal(
      hidden.replaceAll("tenant", "NAMESPACE").replace('"partner"', "CONNECTION"),
      missing.replaceAll("other", "NAMESPACE").replace('"nothing"', "CONNECTION"),
    );
  });

  it("applies a change to pods that are created afterwards", async () => {
    using world = new World();
    world.label("shop", {});
    await pass(200);
    assert.match(
      await world.denial(podOf("early")),
      /ipmanName: is missing; write it on the Namespace\n/,
    );
    world.label("shop");
    await pass(200);
    const pod = await world.admitted(podOf("late"));
    assert.ok(annotation.vxlanIp in (pod.metadata.annotations ?? {}));
  });

  it("is refused with a remedy if its Pod Security level excludes the init container", async () => {
    using world = new World();
    world.label("shop", three, { "pod-security.kubernetes.io/enforce": "restricted" });
    await pass(200);
    const denial = await world.denial(podOf("web"));
    assert.match(denial, /enforce: is "restricted", which refuses .* NET_ADMIN; use a Service/);
    assert.match(denial, /defaults: "false" is left out$/);
    assert.deepEqual(world.reserved, []);
  });

  it("is waited for if the API server knew it first", async () => {
    using world = new World();
    await pass(200);
    const answer = world.answer(podOf("web"));
    await pass(500);
    world.label("shop");
    assert.ok("pod" in (await answer));
  });

  it("has one deadline for everything that its pods wait for", async () => {
    mock.method(performance, "now", () => Date.now());
    try {
      using world = new World();
      world.label("late");
      await pass(200);
      const answers = ["late", "absent"].map((name) => world.timed(podOf("web", {}, name), 1_500));
      await pass(8_000);
      for (const tookMs of await Promise.all(answers)) assert.ok(tookMs < 1_500, `${tookMs} ms`);
    } finally {
      mock.restoreAll();
    }
  });

  it("attaches no pod before it is read, or while Namespaces cannot be read", async () => {
    using world = new World();
    await pass(200);
    assert.match(await world.denial(podOf("web")), /has not read the label .* of Namespace shop/);
    using blind = new World((_verb, { kind }) => kind === "Namespace");
    blind.label("shop");
    await pass(200);
    assert.match(await blind.denial(podOf("web")), /permit its account to list and watch namesp/);
  });

  it("does not lend its cause to pods that request for themselves", async () => {
    using world = new World();
    await pass(200);
    const answer = await world.annotated(
      podOf("web", { ...three, [annotation.requestedBy]: "Namespace" }),
    );
    assert.ok("pod" in answer);
    assert.equal(answer.pod.metadata.annotations?.[annotation.requestedBy], undefined);
    const misspelt = await world.annotated(podOf("web", { [annotation.defaults]: "no" }));
    assert.ok("denied" in misspelt);
    assert.match(misspelt.denied, /defaults: is "no"; the only value is "false"/);
  });
});
