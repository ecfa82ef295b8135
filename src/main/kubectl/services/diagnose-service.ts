import { isObjectName } from "../../../model/api/names.ts";
import { diagnoseService } from "../../../model/services/diagnosis/diagnose-service.ts";
import { serviceRequest } from "../../../model/services/service-request.ts";
import type { Finding } from "../../../model/status/finding.ts";
import { printableValue } from "../../../model/text/printable.ts";
import { UsageError } from "../../options/option.ts";
import { findingLines } from "../../text/finding-lines.ts";
import type { Output } from "../../text/output-format.ts";
import { formatValue } from "../../text/output.ts";
import type { Kubectl } from "../cluster/kubectl.ts";
import { serviceAnswers } from "./service-answers.ts";
import { serviceFacts, type NamedService } from "./service-facts.ts";

/** Prints why a Service of a tunnel does not work; returns the exit status. */
export async function diagnoseServiceNamed(
  text: string,
  output: Output,
  kubectl: Kubectl,
): Promise<number> {
  const [namespace = "", name = "", ...more] = text.split("/");
  if (!isObjectName(namespace) || !isObjectName(name) || more.length > 0)
    throw new UsageError(`"${text}" is not NAMESPACE/NAME of a Service`);
  // Names and messages are those of other users.
  const findings = printableValue(await findingsFor(kubectl, { namespace, name })) as Finding[];
  const lines =
    output === "text"
      ? findingLines(`service ${text}`, findings).map((line) => `${line}\n`)
      : findings.map((finding) => formatValue(output, finding));
  process.stdout.write(lines.join(""));
  return findings.some(({ verdict }) => verdict === "problem") ? 1 : 0;
}

/** The answers of hosts come last: they depend on everything else. */
async function findingsFor(kubectl: Kubectl, named: NamedService): Promise<readonly Finding[]> {
  const facts = await serviceFacts(kubectl, named);
  const found = diagnoseService(facts);
  const request = serviceRequest(facts.service);
  const isReported = "sas" in facts.tunnel && facts.tunnel.child !== undefined;
  const isForwarded = isReported && found.every(({ verdict }) => verdict !== "problem");
  if (!isForwarded || request?.ok !== true) return found;
  return [...found, ...(await serviceAnswers(kubectl, request.value))];
}
