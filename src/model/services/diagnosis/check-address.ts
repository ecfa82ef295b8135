import { annotation } from "../../kubernetes/labels.ts";
import { formatAddress } from "../../net/address.ts";
import { note, ok, problem, type Finding } from "../../status/finding.ts";
import { conditionOf, type ServiceCondition } from "../service-status.ts";
import { tunnelReasons, type ServiceReason } from "../service-reason.ts";
import { whyNoSlices, type ServiceSubject } from "./service-subject.ts";

/** The remedy for each reason that concerns the request itself. */
const remedies: Readonly<Partial<Record<ServiceReason, string>>> = {
  InvalidService: "correct the fields that the message names",
  NotAvailable:
    "check the names of connection and child; the chart's requireAllowedNamespaces may require that spec.allowedNamespaces of the connection lists the namespace",
  UnknownPool: `correct the annotation ${annotation.pool}`,
  FamilyMismatch: "name a child whose addresses are of this family",
  HostNotRouted: "add the host's network to remote_ips or routes of the child",
  PoolExhausted: "add addresses to the pool, or delete Services and pods that have some",
  TooManyServices: "delete Services that are not needed, or name another connection",
  AddressTaken: `change the annotation ${annotation.address}, or remove it for any free address`,
  GatewayPortsExhausted: "use another child for some of the remote Services",
};

/** Checks the operator's answer, which is in the Service's condition. */
export function checkAddress({ facts, address }: ServiceSubject): Finding[] {
  const condition = conditionOf(facts.service);
  if (condition === undefined)
    return [
      problem(
        "address",
        "the operator has not answered the request",
        "check that it runs (kubectl get pods -A -l app=ipman-controller), and that services.enabled of the chart is true",
      ),
    ];
  const refused = refusalIn(condition);
  if (refused !== undefined) return [refused];
  if (address !== undefined) return [ok("address", `is ${formatAddress(address)}`)];
  const why = whyNoSlices(facts);
  if (why !== undefined) return [note("address", `EndpointSlices cannot be read: ${why}`)];
  return [note("address", "is not shown yet", "diagnose again in a few seconds")];
}

function refusalIn({ reason, message }: ServiceCondition): Finding | undefined {
  if (reason === "Ready" || tunnelReasons.has(reason)) return undefined;
  // A later version of the operator may have other reasons.
  const remedy = remedies[reason] ?? "follow the message";
  return problem("address", `${reason}: ${message}`, remedy);
}
