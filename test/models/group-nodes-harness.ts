import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import { ObjectStore } from "../../src/adapters/kubernetes/client/object-store.ts";
import { groupPod, type GroupPod } from "../../src/model/kubernetes/group-pod.ts";
import { label } from "../../src/model/kubernetes/labels.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import { backgroundWrites } from "../../src/runtime/kubernetes/writes.ts";
import { DeclaredAdmission } from "../../src/runtime/operator/admission/admit-declared.ts";
import { GroupPods } from "../../src/runtime/operator/status/group-pods.ts";
import { GroupReporter } from "../../src/runtime/operator/status/group-reporter.ts";
import { home } from "../simulator/installation.ts";
import type { KubeApi } from "../simulator/kube-api.ts";
import { operatorView } from "../simulator/operator-view.ts";

const { CharonGroup, Pod } = resourceTypes;

export const groupRef = { namespace: "vpn", name: "edge" };

/** The CharonGroup of these tests. */
export function charonGroup(spec: object, before: object = {}): KubeObject {
  return {
    ...before,
    apiVersion: "ipman.dialo.ai/v1",
    kind: "CharonGroup",
    metadata: { ...groupRef, generation: ++generation },
    spec: { hostNetwork: true, ...spec },
  } as KubeObject;
}

let generation = 0;

/** The parts of an operator that report CharonGroups and validate them. */
export class GroupOperator implements Disposable {
  readonly api: KubeApi;
  readonly troubles: unknown[] = [];
  readonly #admission: DeclaredAdmission;
  readonly #parts = new DisposableStack();

  constructor(api: KubeApi) {
    this.api = api;
    const client = api.client();
    const onTrouble = (error: unknown) => void this.troubles.push(error);
    const use = <T extends Disposable>(part: T) => this.#parts.use(part);
    const { declared, cluster } = operatorView(client, home, this.#parts, onTrouble);
    const wanted = { type: Pod, labelSelector: label.groupId };
    const pods = use(new ObjectStore<GroupPod>(client, wanted, { trim: groupPod }));
    const groupPods = use(new GroupPods(pods));
    const writes = backgroundWrites();
    use(new GroupReporter({ client, declared, cluster, groupPods, writes, onTrouble }));
    this.#admission = new DeclaredAdmission({ cluster, declared, client });
  }

  get group(): KubeObject & { readonly status?: Record<string, unknown> } {
    return this.api.all(CharonGroup)[0] as KubeObject;
  }

  /** The refusal of a change of the group; empty if it is accepted. */
  async refusal(spec: object): Promise<string> {
    const object = charonGroup(spec, this.group);
    const kind = { kind: "CharonGroup" };
    const change = { uid: "1", kind, operation: "UPDATE", object, oldObject: this.group } as const;
    const verdict = await this.#admission.admit(change);
    return verdict.allowed ? "" : verdict.message;
  }

  /** Declares the group with another spec; the status stays. */
  declare(spec: object): void {
    this.api.put(CharonGroup, charonGroup(spec, this.api.all(CharonGroup)[0]));
  }

  [Symbol.dispose](): void {
    this.#parts.dispose();
  }
}
