import { frontendFromSpec } from "../api/frontend.ts";
import { problemAt, type Problem } from "../api/result.ts";
import type { CharonGroupSpec } from "../api/schema/charon-group.ts";
import { parseAddress } from "../net/address.ts";

/** The problems of a CharonGroup's fields that declare a Service in front of charon. */
export function frontendProblems(spec: CharonGroupSpec): Problem[] {
  const { frontendLoadBalancerIP: address = "" } = spec;
  const isAddress = address === "" || parseAddress(address) !== undefined;
  return [
    ...problemAt(
      "spec.frontendServiceType",
      spec.nodeNames !== undefined && frontendFromSpec(spec) !== undefined
        ? "a Service leads to one charon, and each connection of a group with nodeNames chooses its node by itself: remove frontendServiceType, or declare a CharonGroup with nodeName and a Service for each node, and paths of the connection in these groups"
        : undefined,
    ),
    ...problemAt(
      "spec.frontendLoadBalancerIP",
      isAddress
        ? undefined
        : `"${address}" is not an IP address; leave it empty to let the cloud choose one`,
    ),
  ];
}
