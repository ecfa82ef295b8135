import { getServers } from "node:dns";
import { parseAddress } from "../../model/net/address.ts";
import { contains, formatPrefix, hostPrefix, type Prefix } from "../../model/net/prefix.ts";

/** The environment variable with the address of the API server's Service, which every pod has. */
const apiServerVariable = "KUBERNETES_SERVICE_HOST";

/**
 * The declared networks of a cluster, and the addresses that a pod of it knows: those of the API
 * server's Service and of the DNS servers. A process outside the cluster knows none.
 */
export function networksOfCluster(
  declared: readonly Prefix[],
  environment: NodeJS.ProcessEnv = process.env,
  dnsServers: readonly string[] = getServers(),
): readonly Prefix[] {
  const apiServer = environment[apiServerVariable];
  if (apiServer === undefined) return declared;
  // In one order for all replicas: the agents' Deployments contain the list.
  const known = [...new Set([apiServer, ...dnsServers])]
    .flatMap((text) => parseAddress(text) ?? [])
    .filter((address) => !declared.some((network) => contains(network, address)))
    .map(hostPrefix)
    .toSorted((a, b) => (formatPrefix(a) < formatPrefix(b) ? -1 : 1));
  return [...declared, ...known];
}
