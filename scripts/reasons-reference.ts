import { reasons } from "../src/model/status/reason.ts";

/** docs/reasons.md: every reason with its explanation and its remedy. */
export function reasonsReference(): string {
  const rows = Object.entries(reasons).map(
    ([reason, { explanation, remedy }]) => `| \`${reason}\` | ${explanation} | ${remedy} |`,
  );
  return `# Reasons

\`ipman status\`, conditions, events and logs name one of these reasons when an object is not in its
desired state. \`ipman diagnose CONNECTION\` finds the cause where several are possible.

| reason | meaning | remedy |
|---|---|---|
${rows.join("\n")}

ipman retries \`AuthenticationFailed\`, \`NoProposalChosen\`, \`TrafficSelectorsRefused\` and
\`PeerRefused\` at once when spec or secret change, and otherwise about once a minute, since the other
side may have been corrected. \`ConfigRejected\` waits for another spec or another charon.

## Renamed

\`PodsUnavailable\` was \`CarrierUnavailable\` in earlier versions. No metric has the reason as a label, so
alerts and silences are not affected. Scripts that compare the reason of \`Placed\`, \`AgentReady\` or
\`CharonReady\`, or of an event, need the new name; \`kubectl wait --for=condition=Placed\` does not.
`;
}
