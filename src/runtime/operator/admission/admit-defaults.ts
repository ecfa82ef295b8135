import type {
  AdmissionRequest,
  Verdict,
} from "../../../adapters/kubernetes/admission/admission-review.ts";
import type { KubeClient } from "../../../adapters/kubernetes/client/kube-client.ts";
import { ObjectStore } from "../../../adapters/kubernetes/client/object-store.ts";
import { labelledNamespaces } from "../../../adapters/kubernetes/labelled-namespaces.ts";
import {
  isExempt,
  namespaceDefaults,
  requestedByDefaults,
  trimmedNamespace,
} from "../../../model/attach/namespace-defaults.ts";
import type { NewPod } from "../../../model/attach/pod-injection.ts";
import type { KubeObject } from "../../../model/kubernetes/kube-object.ts";
import { annotation, label } from "../../../model/kubernetes/labels.ts";
import type { PodAdmission } from "./admit-pod.ts";
import { finishMs, waitFor } from "./wait-for.ts";

export interface DefaultsAdmissionOptions {
  readonly client: KubeClient;
  readonly pods: Pick<PodAdmission, "attach">;
  readonly onTrouble: (error: unknown) => void;
}

/** How long a request waits for a Namespace that the API server knew before the operator. */
const namespaceWaitMs = 2_000;

/** Makes the pods of labelled namespaces workers as if they were annotated like their Namespace. */
export class DefaultsAdmission implements Disposable {
  /** The labelled Namespaces. The API server does not send the Namespace of a pod. */
  readonly #namespaces: ObjectStore<KubeObject>;
  readonly #pods: Pick<PodAdmission, "attach">;

  constructor({ client, pods, onTrouble }: DefaultsAdmissionOptions) {
    this.#pods = pods;
    const options = { onTrouble, trim: trimmedNamespace };
    this.#namespaces = new ObjectStore(client, labelledNamespaces, options);
  }

  /** @param deadline of all waits together, in milliseconds of `performance.now()` */
  async admit(request: AdmissionRequest, deadline = Infinity): Promise<Verdict> {
    const pod = request.object as unknown as NewPod;
    const { namespace = "default" } = request;
    if (isExempt(pod)) return { allowed: true };
    const found = await this.#namespace(namespace, deadline);
    if (found === undefined) return this.#unknown(namespace);
    const defaults = namespaceDefaults(found);
    if (!defaults.ok) {
      const lines = defaults.problems.map(({ path, message }) => `${path}: ${message}`);
      return { allowed: false, message: explained(namespace, lines.join("\n")), code: 403 };
    }
    const requested = requestedByDefaults(pod, defaults.value);
    const verdict = await this.#pods.attach(request, requested, deadline);
    if (verdict.allowed) return verdict;
    return { ...verdict, message: explained(namespace, verdict.message) };
  }

  [Symbol.dispose](): void {
    this.#namespaces[Symbol.dispose]();
  }

  #namespace(name: string, deadline: number): Promise<KubeObject | undefined> {
    const namespaces = this.#namespaces;
    const limits = { deadline: deadline - finishMs, maxMs: namespaceWaitMs };
    return waitFor(() => namespaces.objects.get(name), namespaces.changes, limits);
  }

  #unknown(namespace: string): Verdict {
    if (this.#namespaces.synced) {
      const message = `ipman has not read the label ${label.defaults} of Namespace ${namespace} yet; try again`;
      return { allowed: false, message, code: 429 };
    }
    const message = `the operator has not read any Namespace yet; if this persists, permit its account to list and watch namespaces`;
    return { allowed: false, message: explained(namespace, message), code: 500 };
  }
}

/** A denial with its cause, which the author of the pod did not write, and the way around it. */
function explained(namespace: string, message: string): string {
  return `Namespace ${namespace} puts its new pods behind a tunnel (label ${label.defaults}): ${message}; a pod with the annotation ${annotation.defaults}: "false" is left out`;
}
