import type { IPSecConnectionSpec } from "../../model/api/schema/ipsec-connection.ts";
import { objectKey, type KubeObject } from "../../model/kubernetes/kube-object.ts";
import { serviceKindOf, type ServiceObject } from "../../model/services/service-object.ts";
import { complete as completeProgram } from "../completion/complete.ts";
import {
  offeredConnections,
  offeredParts,
  offeredServices,
  type Names,
} from "../completion/names.ts";
import type { ItemList } from "./cluster/agents.ts";
import { kubectlWhileTyped } from "./cluster/cluster-options.ts";
import type { Kubectl } from "./cluster/kubectl.ts";
import { program } from "./main.ts";

/** `kubectl_complete-ipman`, which kubectl calls for completion; returns the exit status. */
export function complete(words: readonly string[]): Promise<number> {
  return completeProgram(
    program,
    ["--", ...words],
    (values) => new ClusterNames(kubectlWhileTyped(values)),
  );
}

/** Names of the cluster that the command line names. */
class ClusterNames implements Names {
  readonly #kubectl: Kubectl;

  constructor(kubectl: Kubectl) {
    this.#kubectl = kubectl;
  }

  async connections(): Promise<readonly string[]> {
    const output = await this.#kubectl.run("get", "ipsecconnections", "-o", "name");
    return offeredConnections(output.split("\n").flatMap((line) => line.split("/")[1] ?? []));
  }

  async children(connection: string): Promise<readonly string[]> {
    const { children = {} } = await this.#spec(connection);
    return offeredParts(Object.keys(children));
  }

  async paths(connection: string): Promise<readonly string[]> {
    const { paths = [] } = await this.#spec(connection);
    return offeredParts(paths.map(({ name }) => name));
  }

  async #spec(connection: string): Promise<Partial<IPSecConnectionSpec>> {
    const object = ["ipsecconnection", connection];
    const { spec = {} } = await this.#kubectl.json<
      KubeObject & { spec?: Partial<IPSecConnectionSpec> }
    >("get", ...object);
    return spec;
  }

  async namespaces(): Promise<readonly string[]> {
    return [];
  }

  async services(): Promise<readonly string[]> {
    const { items } = await this.#kubectl.json<ItemList<ServiceObject>>("get", "services", "-A");
    const requesting = items.filter((service) => serviceKindOf(service) !== undefined);
    return offeredServices(requesting.map(({ metadata }) => objectKey(metadata)));
  }
}
