import type { ObjectStore } from "../../../adapters/kubernetes/client/object-store.ts";
import type { Connection } from "../../../model/api/connection.ts";
import { digestOf, groupIdsOf, type Group } from "../../../model/api/group.ts";
import {
  gatewayDeployment,
  gatewayNames,
  type DeploymentSettings,
  type GatewayNames,
} from "../../../model/kubernetes/deployments.ts";
import { objectKey, type KubeObject } from "../../../model/kubernetes/kube-object.ts";
import { label } from "../../../model/kubernetes/labels.ts";

export interface GatewayDeploymentsOptions {
  /** The Deployments that ipman created. */
  readonly deployments: Pick<ObjectStore<KubeObject>, "objects">;
  readonly settings: DeploymentSettings;
}

/** The Deployments of a connection's gateways in a group. */
interface Made {
  /** The possible names, in the order of the children. */
  readonly names: readonly GatewayNames[];
  /** The groups of the connection, as labels have them. */
  readonly groups: ReadonlySet<string>;
  chosen: readonly string[];
  objects: readonly KubeObject[];
}

/**
 * The Deployments of gateways. Each keeps its name while its group has a path of the connection: a
 * gateway under another name would be another pod, and the traffic would stop until it runs.
 */
export class GatewayDeployments {
  readonly #options: GatewayDeploymentsOptions;
  /** A memo: the Deployments of an unchanged connection and group are the same objects. */
  readonly #made = new WeakMap<Connection, WeakMap<Group, Made>>();

  constructor(options: GatewayDeploymentsOptions) {
    this.#options = options;
  }

  of(connection: Connection, group: Group): readonly KubeObject[] {
    const made = this.#madeOf(connection, group);
    const chosen = made.names.map((names) => this.#nameOf(names, made.groups));
    if (chosen.every((name, i) => name === made.chosen[i])) return made.objects;
    made.chosen = chosen;
    made.objects = connection.children.map((child, i) =>
      gatewayDeployment(chosen[i] as string, group, { connection, child }, this.#options.settings),
    );
    return made.objects;
  }

  #madeOf(connection: Connection, group: Group): Made {
    const byGroup = this.#made.get(connection) ?? new WeakMap<Group, Made>();
    this.#made.set(connection, byGroup);
    const known = byGroup.get(group);
    if (known !== undefined) return known;
    const made = {
      names: connection.children.map((child) => gatewayNames(group, connection, child)),
      groups: new Set(groupIdsOf(connection).map((id) => digestOf([id]))),
      chosen: [],
      objects: [],
    };
    byGroup.set(group, made);
    return made;
  }

  #nameOf({ ofChild, ofGroup, groupId, isOwn }: GatewayNames, groups: ReadonlySet<string>): string {
    const holder = this.#groupOf(ofChild);
    if (holder === groupId) return ofChild;
    if (this.#groupOf(ofGroup) === groupId) return ofGroup;
    const isHeld = holder !== undefined && groups.has(holder);
    return isOwn && !isHeld ? ofChild : ofGroup;
  }

  /** The group of a Deployment that exists, as its label has it. */
  #groupOf(name: string): string | undefined {
    const { deployments, settings } = this.#options;
    const key = objectKey({ namespace: settings.namespace, name });
    return deployments.objects.get(key)?.metadata.labels?.[label.groupId];
  }
}
