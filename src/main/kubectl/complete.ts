import type { KubeObject } from "../../model/kubernetes/kube-object.ts";
import { complete as completeProgram } from "../completion/complete.ts";
import { offeredChildren, offeredConnections, type Names } from "../completion/names.ts";
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
    const object = ["ipsecconnection", connection];
    const { spec } = await this.#kubectl.json<KubeObject & { spec?: { children?: object } }>(
      "get",
      ...object,
    );
    return offeredChildren(Object.keys(spec?.children ?? {}));
  }

  async namespaces(): Promise<readonly string[]> {
    return [];
  }
}
