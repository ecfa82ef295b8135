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
      spec.hostNetwork && frontendFromSpec(spec) !== undefined ? onNodeNetwork : undefined,
    ),
    ...problemAt(
      "spec.frontendLoadBalancerIP",
      isAddress
        ? undefined
        : `"${address}" is not an IP address; leave it empty to let the cloud choose one`,
    ),
  ];
}

const onNodeNetwork =
  "needs hostNetwork: false, since peers reach a charon on the node's network at the node's address; set hostNetwork: false, or remove frontendServiceType";
