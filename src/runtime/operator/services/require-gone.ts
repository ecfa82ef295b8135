import type { KubeClient } from "../../../adapters/kubernetes/client/kube-client.ts";
import type { ObjectStore } from "../../../adapters/kubernetes/client/object-store.ts";
import { resourceTypes } from "../../../adapters/kubernetes/client/resource-type.ts";
import type { ServiceAddresses } from "../../../model/addresses/connection-reservations.ts";
import { objectKey, type KubeObject } from "../../../model/kubernetes/kube-object.ts";

/** More Services than so many are looked up by one list of all. */
const mostLookups = 8;

/**
 * Throws if a Service that has an address exists, and the view does not have it yet or has an earlier one
 * of its name: a replica that has just begun to lead would take its address away.
 */
export async function requireGone(
  services: ServiceAddresses,
  view: Pick<ObjectStore<KubeObject>, "objects">,
  client: Pick<KubeClient, "list">,
): Promise<void> {
  const missing = Object.values(services)
    .flat()
    .filter(({ service, uid }) => {
      const known = view.objects.get(service);
      // A Service without a request is kept without its uid.
      return known === undefined || (known.metadata.uid ?? uid) !== uid;
    });
  const found = new Map<string, string | undefined>();
  const keep = ({ metadata }: KubeObject) => void found.set(objectKey(metadata), metadata.uid);
  const selectors =
    missing.length > mostLookups ? [everything] : missing.map(({ service }) => named(service));
  for (const [place, selector] of selectors)
    await client.list(resourceTypes.Service, place, { ...selector, metadataOnly: true }, keep);
  const unseen = missing.find(({ service, uid }) => found.get(service) === uid);
  if (unseen !== undefined)
    throw new Error(`this replica's view of Services does not have ${unseen.service} yet`);
}

const everything = [{}, {}] as const;

function named(service: string) {
  const [namespace = "", name = ""] = service.split("/");
  return [{ namespace }, { fieldSelector: `metadata.name=${name}` }] as const;
}
