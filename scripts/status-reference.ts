import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { conditionTypes } from "../src/model/status/condition-types.ts";

interface Rule {
  readonly alert: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook_url: string };
}

/** docs/reference.md: every condition, event and alert. */
export function statusReference(): string {
  const file = join(import.meta.dirname, "../charts/ipman/alerts.yaml");
  const { groups } = parse(readFileSync(file, "utf8")) as { groups: { rules: Rule[] }[] };
  const conditions = conditionTypes.map(
    ({ type, of, by, means }) => `| \`${type}\` | ${of.join(", ")} | ${by} | ${means} |`,
  );
  const alerts = groups.flatMap(({ rules }) => rules).map(alertRow);
  return `# What a status, an event and an alert may say

## Conditions

| condition | of | written by | means, where it is \`True\` |
|---|---|---|---|
${conditions.join("\n")}

Where one is \`False\` its reason is one of [reasons.md](reasons.md). An agent that was away for 30
seconds is taken for silent; tunnels do not need it.

## Events

Of an IPSecConnection, for each change that a person cares for; \`kubectl describe\` shows them.
Their reason is that of the condition, and their note its message.

| from | when | type | action |
|---|---|---|---|
| agent | \`Ready\` or \`Reachable\` becomes \`True\` | Normal | \`Connected\` |
| agent | \`Ready\` or \`Reachable\` becomes \`False\`, or for another reason | Warning | \`Connecting\` |
| agent | \`Differs\` becomes \`True\`, or for another reason | Warning | \`Comparing\` |
| agent | \`Differs\` is there no more (reason \`AsDeclared\`) | Normal | \`Comparing\` |
| operator | \`Placed\` becomes \`True\` | Normal | \`Placing\` |
| operator | \`Placed\` becomes \`False\`, or for another reason | Warning | \`Placing\` |

Of a pod that has the annotations of a worker and is not attached: its namespace may not use the
connection, its address is not of its pool or another pod's, or the operator did not reserve it for
this pod. The note says which. Each pod gets one event for each reason; agents report 60 a minute
at most.

| from | when | type | action | reason |
|---|---|---|---|---|
| agent | a pod is not attached | Warning | \`Attaching\` | \`NotAttached\` |

## Alerts

| alert | severity | after | tells |
|---|---|---|---|
${alerts.join("\n")}

[runbooks.md](runbooks.md) has what to do for each, [metrics.md](metrics.md) what they are made of.
`;
}

function alertRow({ alert, for: after = "at once", labels, annotations }: Rule): string {
  const { summary, runbook_url: page } = annotations;
  return `| [\`${alert}\`](${page}) | ${labels.severity} | ${after} | ${summary} |`;
}
