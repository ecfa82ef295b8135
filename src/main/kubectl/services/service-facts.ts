import type { ConnectionResource } from "../../../model/kubernetes/connection-resource.ts";
import type { KubeObject } from "../../../model/kubernetes/kube-object.ts";
import { label } from "../../../model/kubernetes/labels.ts";
import type {
  ReportedTunnel,
  ServiceDiagnosisFacts,
} from "../../../model/services/diagnosis/service-subject.ts";
import type { ServiceObject } from "../../../model/services/service-object.ts";
import { serviceRequest, type ServiceRequest } from "../../../model/services/service-request.ts";
import { printableValue } from "../../../model/text/printable.ts";
import { connectionFromCr } from "../../../model/validation/connection-from-cr.ts";
import { childSas, type Described } from "../../text/describe-lines.ts";
import { agentsOf, ipmanIn, type ItemList } from "../cluster/agents.ts";
import { KubectlError, type Kubectl } from "../cluster/kubectl.ts";

/** The names of a Service. */
export interface NamedService {
  readonly namespace: string;
  readonly name: string;
}

/**
 * Reads the facts of a Service's diagnosis from the API server and from the connection's agent. Facts
 * that the user may not read are left out.
 *
 * @throws {Error} if the Service does not exist or cannot be read
 */
export async function serviceFacts(
  kubectl: Kubectl,
  { namespace, name }: NamedService,
): Promise<ServiceDiagnosisFacts> {
  const service = await objectIfAny<ServiceObject>(kubectl, "service", name, "-n", namespace);
  if (service === undefined) throw new Error(`there is no Service ${namespace}/${name}`);
  const request = serviceRequest(service);
  if (request?.ok !== true) {
    const unread = { why: "the Service has no valid request" };
    return { service, slices: [], connection: unread, tunnel: unread, refusal: undefined };
  }
  const ofService = ["-n", namespace, "-l", `${label.serviceName}=${name}`];
  const [slices, connection, tunnel, refusal] = await Promise.all([
    orWhy(itemsOf(kubectl, "endpointslices", ...ofService)),
    orWhy(connectionNamed(kubectl, request.value.connection)),
    orWhy(tunnelOf(kubectl, request.value)),
    refusalOf(kubectl, service, { namespace, name }),
  ]);
  return { service, slices, connection, tunnel, refusal };
}

/** The value, or why kubectl could not read it. */
async function orWhy<T>(value: Promise<T>): Promise<T | { readonly why: string }> {
  try {
    return await value;
  } catch (error) {
    return { why: failureText(error) };
  }
}

/** The text of a failure as one line: kubectl's messages may have several. */
export function failureText(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().replaceAll(/\s*\n\s*/g, "; ");
}

async function objectIfAny<T>(kubectl: Kubectl, ...words: readonly string[]) {
  const output = await kubectl.run("get", ...words, "--ignore-not-found", "-o", "json");
  return output.trim() === "" ? undefined : (JSON.parse(output) as T);
}

async function itemsOf(kubectl: Kubectl, ...words: readonly string[]) {
  return (await kubectl.json<ItemList<KubeObject>>("get", ...words)).items;
}

async function connectionNamed(kubectl: Kubectl, name: string) {
  const object = await objectIfAny<ConnectionResource>(kubectl, "ipsecconnection", name);
  if (object === undefined) return { why: undefined };
  return { manifest: connectionFromCr(object), status: object.status };
}

async function tunnelOf(kubectl: Kubectl, request: ServiceRequest): Promise<ReportedTunnel> {
  const [agent] = await agentsOf(kubectl, request.connection);
  const json = await kubectl.run(...ipmanIn(agent, "describe", request.connection, "-o", "json"));
  const described = printableValue(JSON.parse(json)) as Described;
  const { leads, children: all } = described.connection;
  // Only the agent that leads has the tunnel; the one of the active path may not be ready.
  const children = leads === false ? [] : all;
  const child =
    children.find(({ key }) => key === request.child) ??
    children.find(({ name }) => name === request.child);
  return { child, sas: child === undefined ? [] : childSas(described, child.key) };
}

/** The part of an event that is read. */
type EventObject = KubeObject & {
  readonly involvedObject?: { readonly uid?: string };
  readonly message?: string;
};

/** Why an agent does not forward a Service, by its last event. The events are not kept for long. */
async function refusalOf(
  kubectl: Kubectl,
  { metadata: { uid } }: ServiceObject,
  { namespace, name }: NamedService,
): Promise<string | undefined> {
  const fields = `involvedObject.kind=Service,involvedObject.name=${name},reason=NotForwarded`;
  const words = ["get", "events", "-n", namespace, "--field-selector", fields];
  try {
    const { items } = await kubectl.json<ItemList<EventObject>>(...words);
    const own = items.filter(({ involvedObject }) => involvedObject?.uid === uid);
    const last = own.toSorted((a, b) => (createdAt(a) < createdAt(b) ? -1 : 1)).at(-1);
    return last?.message?.replace(/^not forwarded: /, "");
  } catch (error) {
    // The diagnosis does without the events that the user may not read.
    if (error instanceof KubectlError) return undefined;
    throw error;
  }
}

function createdAt({ metadata }: KubeObject): string {
  return metadata.creationTimestamp ?? "";
}
