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
function requestsNothing({ metadata: { annotations = {} }, spec = {} }: ServiceObject): Finding {
  const { type = "ClusterIP", loadBalancerClass, selector } = spec;
  const ofClass =
    loadBalancerClass === undefined
      ? "without loadBalancerClass"
      : `with loadBalancerClass "${loadBalancerClass}"`;
  const own = Object.keys(annotations).filter((key) => key.startsWith(ownKeys));
  const annotated =
    own.length === 0
      ? "none of its annotations"
      : `annotations ${own.map((key) => key.slice(ownKeys.length)).join(", ")}`;
  const missing = [annotation.connection, annotation.child, annotation.pool].filter(
    (key) => annotations[key] === undefined,
  );
  const others = missing.length === 0 ? "" : `, and annotate it with ${missing.join(", ")}`;
  const selectsPods = Object.keys(selector ?? {}).length > 0;
  return problem(
    "request",
    `the Service requests nothing of ipman: type ${type} ${ofClass}, ${annotated}`,
    hintFor(type, selectsPods, others),
  );
}

const ownKeys = `${apiGroup}/`;

function hintFor(type: string, selectsPods: boolean, others: string): string {
  // The API server refuses a change of the class.
  if (type === "LoadBalancer")
    return `to show it to the partner, create it again with loadBalancerClass: ${tunnelClass}${others}; the class of a LoadBalancer cannot be changed`;
  const show = `type: LoadBalancer and loadBalancerClass: ${tunnelClass}`;
  if (selectsPods)
    return `to show its pods to the partner, set ${show}${others}; hosts of the partner take a Service without selector`;
  return `to reach hosts of the partner, add the annotation ${annotation.remote}: ADDRESS${others}; to show pods to the partner, set a selector, ${show}`;
}
