import { isObjectName } from "../../../model/api/names.ts";
import { diagnoseService } from "../../../model/services/diagnosis/diagnose-service.ts";
import type { Finding } from "../../../model/status/finding.ts";
import { printableValue } from "../../../model/text/printable.ts";
import { UsageError } from "../../options/option.ts";
import { findingLines } from "../../text/finding-lines.ts";
import type { Output } from "../../text/output-format.ts";
import { formatValue } from "../../text/output.ts";
import type { Kubectl } from "../cluster/kubectl.ts";
import { serviceFacts } from "./service-facts.ts";

/** Prints why a Service of a tunnel does not work; returns the exit status. */
export async function diagnoseServiceNamed(
  text: string,
  output: Output,
  kubectl: Kubectl,
): Promise<number> {
  const [namespace = "", name = "", ...more] = text.split("/");
  if (!isObjectName(namespace) || !isObjectName(name) || more.length > 0)
    throw new UsageError(`"${text}" is not NAMESPACE/NAME of a Service`);
  const facts = await serviceFacts(kubectl, { namespace, name });
  // Names and messages are those of other users.
  const findings = printableValue(diagnoseService(facts)) as Finding[];
  const lines =
    output === "text"
      ? findingLines(`service ${text}`, findings).map((line) => `${line}\n`)
      : findings.map((finding) => formatValue(output, finding));
  process.stdout.write(lines.join(""));
  return findings.some(({ verdict }) => verdict === "problem") ? 1 : 0;
}
