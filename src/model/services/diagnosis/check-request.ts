import { apiGroup } from "../../api/schema/api-group.ts";
import { annotation } from "../../kubernetes/labels.ts";
import { formatAddress } from "../../net/address.ts";
import { ok, problem, type Finding } from "../../status/finding.ts";
import { tunnelClass, type ServiceObject } from "../service-object.ts";
import { serviceRequest, type ServiceRequest } from "../service-request.ts";

/** The valid request of a Service, and the findings about it; undefined if it has none. */
export interface CheckedRequest {
  readonly request: ServiceRequest | undefined;
  readonly findings: readonly Finding[];
}

/** Checks whether a Service requests something of ipman, and finds every problem of the request. */
export function checkRequest(service: ServiceObject): CheckedRequest {
  const { deletionTimestamp, namespace = "default", name } = service.metadata;
  if (deletionTimestamp !== undefined)
    return refused([problem("request", "the Service is being deleted", "create it again")]);
  const result = serviceRequest(service);
  if (result === undefined) return refused([requestsNothing(service)]);
  if (!result.ok) {
    const edit = `correct it: kubectl edit service ${name} -n ${namespace}`;
    return refused(
      result.problems.map(({ path, message }) => problem("request", `${path}: ${message}`, edit)),
    );
  }
  const request = result.value;
  return { request, findings: [ok("request", requestText(request))] };
}

function refused(findings: readonly Finding[]): CheckedRequest {
  return { request: undefined, findings };
}

function requestText(request: ServiceRequest): string {
  const { connection, child, pool } = request;
  const place = `of pool "${pool}" of ${connection}/${child}`;
  if (request.kind === "exposed") return `shows the Service to the partner at an address ${place}`;
  const hosts = request.hosts.map(formatAddress).join(", ");
  return `leads to ${hosts} with an address ${place}`;
}

/** Names the fields that decide, as they are, and what they have to be. */
function requestsNothing({ metadata, spec = {} }: ServiceObject): Finding {
  const { type = "ClusterIP", loadBalancerClass, selector } = spec;
  const ofClass =
    loadBalancerClass === undefined
      ? "without loadBalancerClass"
      : `with loadBalancerClass "${loadBalancerClass}"`;
  const own = Object.keys(metadata.annotations ?? {}).filter((key) => key.startsWith(ownKeys));
  const annotated = own.length === 0 ? "no annotation" : own.join(", ");
  const found = `it has type ${type}, ${ofClass}, and of ipman ${annotated}`;
  const selectsPods = Object.keys(selector ?? {}).length > 0;
  return problem(
    "request",
    `requests nothing of ipman: ${found}`,
    selectsPods || type === "LoadBalancer" ? exposeHint(type) : remoteHint,
  );
}

const ownKeys = `${apiGroup}/`;

const names = `${annotation.connection}, ${annotation.child} and ${annotation.pool}`;

const remoteHint = `to reach hosts of the partner, annotate it with ${annotation.remote}: ADDRESS, and with ${names}; to show pods to the partner, give it a selector, type: LoadBalancer and loadBalancerClass: ${tunnelClass}`;

function exposeHint(type: string): string {
  const fields = `type: LoadBalancer, loadBalancerClass: ${tunnelClass} and the annotations ${names}`;
  // The API server refuses a change of the class.
  if (type === "LoadBalancer")
    return `delete it and create it again with ${fields}: the class of a LoadBalancer cannot be changed`;
  return `to show its pods to the partner, set ${fields}; to reach hosts of the partner, use a Service without selector with ${annotation.remote}`;
}
