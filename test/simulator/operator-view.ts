import type { KubeClient } from "../../src/adapters/kubernetes/client/kube-client.ts";
import { ObjectStore } from "../../src/adapters/kubernetes/client/object-store.ts";
import { Declared } from "../../src/adapters/kubernetes/declared.ts";
import { podsWithAddress, workerPods } from "../../src/adapters/kubernetes/live-pods.ts";
import { StoredReservations } from "../../src/adapters/kubernetes/stored-reservations.ts";
import { label } from "../../src/model/kubernetes/labels.ts";
import { trimmedPod } from "../../src/model/kubernetes/worker-pod.ts";
import { Cluster } from "../../src/runtime/operator/state/cluster.ts";

/** The manifests, the pods and the reservations of a cluster, as an operator in that namespace has them. */
export function operatorView(
  client: KubeClient,
  namespace: string,
  owner: DisposableStack,
  onTrouble: (error: unknown) => void,
): { readonly declared: Declared; readonly cluster: Cluster } {
  const declared = owner.use(new Declared(client, { onTrouble }));
  const pods = (wanted: ConstructorParameters<typeof ObjectStore>[1]) =>
    owner.use(new ObjectStore(client, wanted, { trim: trimmedPod }));
  const gateways = pods(podsWithAddress(`${label.type}=xfrm`));
  const workers = pods(workerPods);
  const reservations = owner.use(new StoredReservations(client, namespace, { onTrouble }));
  const cluster = owner.use(new Cluster({ declared, gateways, workers, reservations }));
  return { declared, cluster };
}
