import type { LimitFunction } from "p-limit";
import { auditTime, EMPTY, merge, type Subscription } from "rxjs";
import type { Declared } from "../../../adapters/kubernetes/declared.ts";
import type { KubeClient } from "../../../adapters/kubernetes/client/kube-client.ts";
import { resourceTypes } from "../../../adapters/kubernetes/client/resource-type.ts";
import { apiVersion } from "../../../model/api/schema/api-group.ts";
import { groupIdOf, nodesOfGroup } from "../../../model/api/group.ts";
import { stated, type StatedCondition } from "../../../model/status/condition.ts";
import { frontendStatus, type FrontendStatus } from "../../../model/frontend/frontend-service.ts";
import type { KubeObject } from "../../../model/kubernetes/kube-object.ts";
import { StatusWriter } from "../../kubernetes/status-writer.ts";
import { rfc3339 } from "../../time/rfc3339.ts";
import type { AgentAccess } from "../deployments/agent-access.ts";
import type { Frontends } from "../deployments/frontends.ts";
import { withAccess, type GroupPods } from "./group-pods.ts";
import type { Cluster } from "../state/cluster.ts";
import { nodesStatus, onAllNodes, type NodeFacts, type NodesStatus } from "./group-nodes-status.ts";
import { groupConditionsOf } from "./placement-conditions.ts";

interface GroupStatus extends FrontendStatus, NodesStatus {
  readonly observedGeneration: number;
  readonly conditions: readonly StatedCondition[];
}

type GroupObject = KubeObject & { readonly status?: Partial<GroupStatus> };

export interface GroupReporterOptions {
  readonly client: KubeClient;
  readonly declared: Declared;
  readonly cluster: Cluster;
  readonly groupPods: GroupPods;
  /** Set if each agent has a service account of its own. */
  readonly access?: Pick<AgentAccess, "changes" | "failureOf"> | undefined;
  /** Undefined if no Services are managed. */
  readonly frontends?: Pick<Frontends, "changes" | "factsOf">;
  readonly writes: LimitFunction;
  readonly onTrouble: (error: unknown) => void;
}

const gatherMs = 200;

const fieldManager = "ipman-operator";

/**
 * Reports in the status of each CharonGroup whether charon and agent run, and the Service in front of
 * charon.
 */
export class GroupReporter implements Disposable {
  readonly #options: GroupReporterOptions;
  readonly #writer: StatusWriter<GroupStatus>;
  readonly #subscription: Subscription;

  constructor(options: GroupReporterOptions) {
    this.#options = options;
    const { declared, cluster, groupPods, access, frontends, writes, onTrouble } = options;
    this.#writer = new StatusWriter({
      actual: (id) => {
        const group = this.#group(id);
        return group === undefined ? undefined : (group.status ?? {});
      },
      wanted: (id) => this.#wanted(id),
      write: (id, status) => this.#write(id, status),
      writes,
      onTrouble,
    });
    const parts = [groupPods.changes, access?.changes ?? EMPTY, frontends?.changes ?? EMPTY];
    this.#subscription = merge(cluster.changes, ...parts, declared.groups.changes)
      .pipe(auditTime(gatherMs))
      .subscribe(() => {
        if (!cluster.synced || !groupPods.synced) return;
        for (const id of declared.groups.objects.keys()) this.#writer.compare(id);
      });
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    this.#writer[Symbol.dispose]();
  }

  #group(id: string): GroupObject | undefined {
    return this.#options.declared.groups.objects.get(id);
  }

  #wanted(id: string): GroupStatus | undefined {
    const group = this.#group(id);
    if (group === undefined) return undefined;
    const { cluster, frontends } = this.#options;
    const general = cluster.desired.problems.get("") ?? [];
    const problems = general.filter(({ source }) => source === `CharonGroup ${id}`);
    const nodes = this.#nodes(id, group);
    const [placed] = nodes.flatMap(({ groupId }) => cluster.groups.get(groupId) ?? []);
    const frontend = placed?.frontend && frontends?.factsOf(placed);
    // The status has the address from before until the Services are known.
    if (frontend?.isKnown === false) return undefined;
    const conditions = groupConditionsOf({ problems, frontend, ...onAllNodes(nodes) });
    const observedGeneration = group.metadata.generation ?? 0;
    const before = group.status?.conditions ?? [];
    return {
      observedGeneration,
      conditions: stated(conditions, before, observedGeneration, rfc3339()),
      ...nodesStatus(group, nodes),
      ...frontendStatus(frontend?.service, group.status),
    };
  }

  /** The nodes of a group with their facts; one without a node if no version of it is valid. */
  #nodes(id: string, group: GroupObject): readonly NodeFacts[] {
    const { cluster, groupPods, access } = this.#options;
    const { namespace = "default", name } = group.metadata;
    const factsOf = (groupId: string, node: string): NodeFacts => {
      const placed = cluster.groups.get(groupId);
      const lack = placed && access?.failureOf(placed);
      const refused = cluster.refused.get(groupId);
      return { node, groupId, refused, ...withAccess(groupPods.failuresOf(groupId), lack) };
    };
    const nodes = nodesOfGroup(group);
    if (nodes.length === 0) return [factsOf(id, "")];
    return nodes.map(({ nodeName, isMain }) => {
      const groupRef = { namespace, name, ...(!isMain && { node: nodeName }) };
      return factsOf(groupIdOf({ groupRef, nodeName }) as string, nodeName);
    });
  }

  async #write(id: string, status: GroupStatus): Promise<void> {
    const { namespace = "", name = "" } = this.#group(id)?.metadata ?? {};
    const object = { apiVersion, kind: "CharonGroup", metadata: { namespace, name }, status };
    await this.#options.client.apply(resourceTypes.CharonGroup, object, fieldManager, "status");
  }
}
