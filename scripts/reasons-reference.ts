import { advice } from "../src/model/status/advice.ts";

/** docs/reasons.md: every reason with what it means and what to do. */
export function reasonsReference(): string {
  const rows = Object.entries(advice).map(
    ([reason, { means, todo }]) => `| \`${reason}\` | ${means} | ${todo} |`,
  );
  return `# Reasons

What \`ipman status\`, conditions and logs name when something is not as it should be. Which
of several is the cause, and what else was seen, tells \`ipman diagnose CONNECTION\`.

| reason | means | do |
|---|---|---|
${rows.join("\n")}

\`AuthenticationFailed\`, \`NoProposalChosen\`, \`TrafficSelectorsRefused\` and \`PeerRefused\` are
tried again at once when spec or secret change, and otherwise about once a minute, since
the other side may have been corrected. \`ConfigRejected\` waits for another spec or charon.

## Renamed

\`PodsUnavailable\` was \`CarrierUnavailable\` in earlier versions. Both stand for the same state; only one
of them is written at a time, by the operator's version. No metric has it as a label, so alerts and
silences are not affected. Scripts that compare the reason of \`Placed\`, \`AgentReady\` or \`CharonReady\`
in a status, or of an event, need the new name; \`kubectl wait --for=condition=Placed\` does not.
`;
}
