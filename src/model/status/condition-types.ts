/** A condition that a status may have. */
export interface ConditionType {
  readonly type: string;
  /** What has it. */
  readonly of: readonly ("connection" | "child" | "CharonGroup")[];
  /** Who writes it. */
  readonly by: "agent" | "operator" | "agent, or operator";
  /** What it says where it is `True`. */
  readonly means: string;
}

/** Every condition, in the order of cause and effect; docs/reference.md is made of it. */
export const conditionTypes: readonly ConditionType[] = [
  {
    type: "Placed",
    of: ["connection"],
    by: "operator",
    means: "charon and agent run; otherwise what keeps their pods from it, in the cluster's words",
  },
  {
    type: "SpecValid",
    of: ["connection", "CharonGroup"],
    by: "agent, or operator",
    means: "the document is valid; otherwise every problem, and the last good version goes on",
  },
  {
    type: "SecretReady",
    of: ["connection"],
    by: "agent",
    means: "the pre-shared key is there, and charon may have it",
  },
  {
    type: "CharonReady",
    of: ["connection", "CharonGroup"],
    by: "agent, or operator",
    means: "charon answers its agent; of a CharonGroup, that its pod runs",
  },
  { type: "AgentReady", of: ["CharonGroup"], by: "operator", means: "the agent's pod runs" },
  {
    type: "GatewayReady",
    of: ["connection", "child"],
    by: "agent",
    means: "the gateway's namespace is as planned, and watched",
  },
  {
    type: "Established",
    of: ["connection", "child"],
    by: "agent",
    means: "the IKE SA is up; of a child, a CHILD SA",
  },
  {
    type: "Reachable",
    of: ["connection", "child"],
    by: "agent",
    means:
      "who is named by a `probe` answers; only where there is one, and `Ready` does not depend on it",
  },
  {
    type: "Differs",
    of: ["connection", "child"],
    by: "agent",
    means:
      "an SA carries traffic and is not what is declared; the message has both. Only where there is one, and `Ready` does not depend on it",
  },
  {
    type: "Ready",
    of: ["connection", "child", "CharonGroup"],
    by: "agent, or operator",
    means:
      "every child carries traffic; of a CharonGroup, that it carries connections. `Unknown` (`AgentSilent`) while no agent tells",
  },
  {
    type: "Reconciling",
    of: ["connection", "CharonGroup"],
    by: "agent, or operator",
    means: "not ready, and worked at",
  },
  {
    type: "Stalled",
    of: ["connection", "CharonGroup"],
    by: "agent, or operator",
    means: "not ready, and only a person can help",
  },
];
