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
  const conditions = Object.entries(conditionTypes).map(
    ([type, { subjects, writers, meaning }]) =>
      `| \`${type}\` | ${subjects.join(", ")} | ${writers.join(" or ")} | ${meaning} |`,
  );
  const alerts = groups.flatMap(({ rules }) => rules).map(alertRow);
  return `# Conditions, events and alerts

## Conditions

| condition | object | written by | meaning of \`True\` |
|---|---|---|---|
${conditions.join("\n")}

\`Traffic\` is present only while it is \`False\` or \`Unknown\`.

The reason of a condition that is \`False\` is one of [reasons.md](reasons.md). The operator reports an
agent as silent when its pod has not been ready for 30 seconds; tunnels do not need the agent.

## Events

Events of an IPSecConnection report the changes that matter to an administrator;
\`kubectl describe\` shows them. The reason of an event is that of the condition, and its note is the
condition's message.

| source | cause | type | action |
|---|---|---|---|
| agent | \`Ready\` or \`Reachable\` becomes \`True\` | Normal | \`Connected\` |
| agent | \`Ready\` or \`Reachable\` becomes \`False\`, or its reason changes | Warning | \`Connecting\` |
| agent | \`Redundant\` becomes \`True\` again | Normal | \`StandingBy\` |
| agent | \`Redundant\` becomes \`False\` | Warning | \`StandingBy\` |
| agent | \`Traffic\` appears, or its reason changes | Warning | \`Counting\` |
| agent | \`Traffic\` is removed (reason \`NoDoubt\`) | Normal | \`Counting\` |
| agent | \`Differs\` becomes \`True\`, or its reason changes | Warning | \`Comparing\` |
| agent | \`Differs\` is removed (reason \`AsDeclared\`) | Normal | \`Comparing\` |
| agent | \`RekeyRefused\` becomes \`True\`, or its reason changes | Warning | \`Rekeying\` |
| agent | \`RekeyRefused\` is removed (reason \`SaReplaced\`) | Normal | \`Rekeying\` |
| agent | \`NearLimit\` appears | Warning | \`Tracking\` |
| agent | \`NearLimit\` is removed (reason \`BelowLimit\`) | Normal | \`Tracking\` |
| agent | another path is active (reason \`PathSwitched\`) | Normal | \`Switching\` |
| operator | \`Placed\` becomes \`True\` | Normal | \`Placing\` |
| operator | \`Placed\` becomes \`False\`, or its reason changes | Warning | \`Placing\` |

An event of a pod reports that the pod has the annotations of a worker but is not attached: its
namespace may not use the connection, its address is outside its pool or belongs to another pod, or
the operator did not reserve the address for this pod. The note says which, and names the attachment of a
pod that lists several. A pod gets one event for each reason; an agent reports at most 60 a minute.

| source | cause | type | action | reason |
|---|---|---|---|---|
| agent | a pod is not attached | Warning | \`Attaching\` | \`NotAttached\` |
| agent | a Service with an address of a child is not forwarded | Warning | \`Forwarding\` | \`NotForwarded\` |

## Alerts

| alert | severity | after | summary |
|---|---|---|---|
${alerts.join("\n")}

[runbooks.md](runbooks.md) says what to do about each alert, [metrics.md](metrics.md) explains the
metrics in their expressions.
`;
}

function alertRow({ alert, for: after = "at once", labels, annotations }: Rule): string {
  const { summary, runbook_url: page } = annotations;
  return `| [\`${alert}\`](${page}) | ${labels.severity} | ${after} | ${summary} |`;
}
