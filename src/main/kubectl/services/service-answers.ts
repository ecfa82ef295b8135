import type { ServiceRequest } from "../../../model/services/service-request.ts";
import { skipped, type Finding } from "../../../model/status/finding.ts";
import { agentsOf, ipmanIn } from "../cluster/agents.ts";
import { KubectlError, type Kubectl } from "../cluster/kubectl.ts";
import { failureText } from "./service-facts.ts";

/** Has the agent test whether the endpoints of a Service, or the partner's hosts behind it, answer. */
export async function serviceAnswers(
  kubectl: Kubectl,
  { service, connection, child }: ServiceRequest,
): Promise<Finding[]> {
  try {
    const [agent] = await agentsOf(kubectl, connection);
    const words = ["diagnose", connection, child, "--service", service, "-o", "json"];
    const output = await kubectl.runAnyway(...ipmanIn(agent, ...words));
    const lines = output.split("\n").filter((line) => line !== "");
    return lines.map((line) => {
      const { child: _, ...finding } = JSON.parse(line) as Finding;
      return finding;
    });
  } catch (error) {
    // An agent of an earlier version does not know the option, and one that ends cuts its answer short.
    if (!(error instanceof KubectlError || error instanceof SyntaxError)) throw error;
    return [skipped("answers", `the agent cannot test them: ${failureText(error)}`)];
  }
}
