import { objectKey } from "../../../model/kubernetes/kube-object.ts";
import { annotation } from "../../../model/kubernetes/labels.ts";
import { formatAddress } from "../../../model/net/address.ts";
import { serviceKindOf, type ServiceObject } from "../../../model/services/service-object.ts";
import { serviceRequest } from "../../../model/services/service-request.ts";
import { conditionOf } from "../../../model/services/service-status.ts";
import { styled } from "../../text/style.ts";

/** Formats the Services that name a connection, with the operator's answers; empty without any. */
export function serviceLines(services: readonly ServiceObject[], connection: string): string[] {
  const own = services
    .filter((service) => {
      const { [annotation.connection]: named } = service.metadata.annotations ?? {};
      return named === connection && serviceKindOf(service) !== undefined;
    })
    .map((service) => ({ service, name: objectKey(service.metadata) }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  if (own.length === 0) return [];
  const width = Math.max(...own.map(({ name }) => name.length));
  return [
    "",
    styled("bold", "Services"),
    ...own.map(({ service, name }) => {
      const { mark, trouble } = answerTo(service);
      return `  ${mark} ${name.padEnd(width)}  ${requestOf(service)}${trouble}`;
    }),
  ];
}

/** The child, the kind, and the addresses and ports that a Service connects. */
function requestOf(service: ServiceObject): string {
  const kind = serviceKindOf(service) ?? "";
  const { [annotation.child]: child = "" } = service.metadata.annotations ?? {};
  const result = serviceRequest(service);
  if (result?.ok !== true) return [child, kind].filter(Boolean).join(" ");
  const { value } = result;
  const ports = value.ports.map(({ port, transport }) => `${port}/${transport}`).join(" ");
  if (value.kind === "remote")
    return `${child} remote ${value.hosts.map(formatAddress).join(" ")} ${ports}`;
  const [{ ip = "no address" } = {}] = service.status?.loadBalancer?.ingress ?? [];
  return `${child} exposed ${ip} ${ports}`;
}

function answerTo(service: ServiceObject): { readonly mark: string; readonly trouble: string } {
  const condition = conditionOf(service);
  if (condition?.status === "True") return { mark: styled("green", "✓"), trouble: "" };
  if (condition === undefined)
    return { mark: styled("yellow", "!"), trouble: ": the operator has not answered" };
  const { reason, message } = condition;
  return { mark: styled("red", "✗"), trouble: `: ${reason}: ${message}` };
}
