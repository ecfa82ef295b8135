import assert from "node:assert/strict";
import { childSpec, connectionSpec } from "../../lab/sites/manifests.ts";
import {
  resourceTypes,
  type ResourceType,
} from "../../src/adapters/kubernetes/client/resource-type.ts";
import { ObjectStore } from "../../src/adapters/kubernetes/client/object-store.ts";
import { agentAccountOf } from "../../src/model/kubernetes/agent-access.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import { label } from "../../src/model/kubernetes/labels.ts";
import { backgroundWrites } from "../../src/runtime/kubernetes/writes.ts";
import { AgentAccess } from "../../src/runtime/operator/deployments/agent-access.ts";
import { Deployments } from "../../src/runtime/operator/deployments/deployments.ts";
import { KubeApi, type Denies } from "./kube-api.ts";
import { operatorView } from "./operator-view.ts";

/** The namespace of the operator and the agents. */
export const home = "ipman-system";
const image = { name: "ipman", pullPolicy: "Always" };
const owner = { apiVersion: "v1", kind: "ServiceAccount", name: "ipman-agent", uid: "owner" };
/** The settings of the operator's Deployments. */
export const settings = {
  namespace: home,
  owner,
  ipmanImage: image,
  charonImage: image,
  legacyCharonImage: image,
  pullSecrets: [],
  agentAccount: agentAccountOf,
  priorityClass: "",
  vxlanPort: 7789,
  charonSettings: {},
  clusterNetworks: [],
  requireSecretConsent: false,
  logLevel: "info",
};
const { Role, RoleBinding, ClusterRoleBinding, Deployment } = resourceTypes;

type Rule = { readonly resourceNames: string[]; readonly verbs: string[] };
/** A Role or a binding. */
export type Grant = KubeObject & {
  readonly rules?: readonly Rule[];
  readonly roleRef?: { readonly name: string };
  readonly subjects?: readonly { readonly name: string; readonly namespace: string }[];
};

/** A cluster with the chart installed, and with two namespaces that have Secrets. */
export class Installation implements Disposable {
  readonly api = new KubeApi(() => 1);
  readonly troubles: unknown[] = [];
  denies: Denies = () => false;
  access!: AgentAccess;
  #generation = 0;
  #operator = new DisposableStack();

  constructor() {
    for (const [type, name, namespace] of [
      [Role, "ipman-operator-secrets", "default"],
      [Role, "ipman-operator-secrets", "tenant"],
      [RoleBinding, "ipman-agents", home],
      [ClusterRoleBinding, "ipman-agents", undefined],
    ] as const)
      this.put(type, { name, ...(namespace !== undefined && { namespace }) });
  }

  put(type: ResourceType, metadata: KubeObject["metadata"], rest: object = {}): void {
    const { apiVersion, kind } = type;
    this.api.put(type, { apiVersion, kind, metadata, ...rest });
  }

  /** A connection with a Secret `NAMESPACE/NAME`. */
  declare(name: string, nodeName: string, secret: string, changes: object = {}): void {
    const [namespace = "", secretName = ""] = secret.split("/");
    const n = 2 + Number(name.replace(/\D/g, ""));
    const children = { [`child-${n}`]: childSpec(n) };
    const secretRef = { namespace, name: secretName, key: "k" };
    const { metadata, ...made } = connectionSpec(name, {
      nodeName,
      secretRef,
      children,
      ...changes,
    });
    const counted = { ...metadata, generation: ++this.#generation };
    this.put(resourceTypes.IPSecConnection, counted, made);
  }

  /** The parts of a leading operator that create Deployments and their agents' rights. */
  lead(secretNamespaces = ["default", "tenant"]): void {
    this.#operator.dispose();
    this.#operator = new DisposableStack();
    const client = this.api.client(undefined, (...request) => this.denies(...request));
    const onTrouble = (error: unknown) => void this.troubles.push(error);
    const onBreakdown = (_: string, error: unknown) => onTrouble(error);
    const use = <T extends Disposable>(part: T) => this.#operator.use(part);
    const { declared, cluster } = operatorView(client, home, this.#operator, onTrouble);
    const deployments = use(
      new ObjectStore<KubeObject>(client, { type: Deployment, namespace: home }),
    );
    const shared = { client, cluster, writes: backgroundWrites(), onBreakdown };
    const place = { declared, namespace: home, owner, secretNamespaces, onTrouble };
    this.access = use(new AgentAccess({ ...shared, ...place }));
    use(new Deployments({ ...shared, deployments, settings, access: this.access }));
  }

  /** The Secrets that an account may read by the Roles that are bound to it. */
  readableBy(account: string): string[] {
    const roles = this.api.all(Role) as Grant[];
    const bindings = (this.api.all(RoleBinding) as Grant[]).filter(({ subjects = [] }) =>
      subjects.some(({ name, namespace }) => name === account && namespace === home),
    );
    return bindings
      .flatMap(({ metadata: { namespace }, roleRef }) =>
        roles
          .filter(({ metadata }) => metadata.namespace === namespace)
          .filter(({ metadata }) => metadata.name === roleRef?.name)
          .flatMap(({ rules = [] }) => rules)
          .flatMap(({ resourceNames }) => resourceNames.map((name) => `${namespace}/${name}`)),
      )
      .toSorted();
  }

  names(type: ResourceType, namespace?: string): string[] {
    return this.api
      .all(type)
      .filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace)
      .map(({ metadata }) => metadata.name)
      .filter((name) => name.startsWith("ipman-agent-"))
      .toSorted();
  }

  /** The service accounts that both common bindings name. */
  get bound(): string[] {
    const subjects = [ClusterRoleBinding, RoleBinding].map((type) => {
      const found = this.api.all(type).find(({ metadata }) => metadata.name === "ipman-agents");
      return ((found as Grant).subjects ?? []).map(({ name }) => name);
    });
    assert.deepEqual(subjects[0], subjects[1]);
    return subjects[0] ?? [];
  }

  /** The service account of each group's agent, by the group. */
  get agents(): Record<string, string> {
    const agents = this.api
      .all(Deployment)
      .filter(({ metadata }) => metadata.labels?.[label.type] === "agent") as Agent[];
    return Object.fromEntries(
      agents.map(({ metadata, spec }) => [
        metadata.labels?.[label.group],
        spec.template.spec.serviceAccountName,
      ]),
    ) as Record<string, string>;
  }

  /** Denies an agent what the API server would deny by the existing Roles. */
  deniedTo(account: string): Denies {
    return (verb, type, { namespace, name }) => {
      if (type.kind !== "Secret") return false;
      assert.ok(["get", "watch"].includes(verb));
      return !this.readableBy(account).includes(`${namespace}/${name}`);
    };
  }

  [Symbol.dispose](): void {
    this.#operator.dispose();
  }
}

type Agent = KubeObject & {
  readonly spec: { readonly template: { readonly spec: { readonly serviceAccountName: string } } };
};
