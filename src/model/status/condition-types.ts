/** The documentation of one condition type; docs/reference.md shows it. */
interface ConditionEntry {
  /** The objects that have the condition. */
  readonly subjects: readonly ("connection" | "child" | "CharonGroup")[];
  /** The processes that write it. */
  readonly writers: readonly ("agent" | "operator")[];
  /** The meaning of its status `True`. */
  readonly meaning: string;
}

/** In the order of cause and effect. */
const table = {
  Placed: {
    subjects: ["connection"],
    writers: ["operator"],
    meaning: "charon and agent run; if not, the message quotes what the cluster says of their pods",
  },
  SpecValid: {
    subjects: ["connection", "CharonGroup"],
    writers: ["agent", "operator"],
    meaning:
      "the manifest is valid; if not, the message lists every error, and the last valid version stays in effect",
  },
  SecretReady: {
    subjects: ["connection"],
    writers: ["agent"],
    meaning: "the pre-shared key exists, and charon may use it",
  },
  CharonReady: {
    subjects: ["connection", "CharonGroup"],
    writers: ["agent", "operator"],
    meaning: "charon answers its agent; for a CharonGroup, its pod runs",
  },
  AgentReady: {
    subjects: ["CharonGroup"],
    writers: ["operator"],
    meaning: "the agent's pod runs",
  },
  FrontendReady: {
    subjects: ["CharonGroup"],
    writers: ["operator"],
    meaning:
      "the Service in front of charon has an address; present only for a group with `frontendServiceType`, and `Ready` does not depend on it",
  },
  GatewayReady: {
    subjects: ["connection", "child"],
    writers: ["agent"],
    meaning: "the gateway's namespace matches its plan, and the agent watches it",
  },
  Established: {
    subjects: ["connection", "child"],
    writers: ["agent"],
    meaning: "the IKE SA is up; for a child, a CHILD SA",
  },
  Reachable: {
    subjects: ["connection", "child"],
    writers: ["agent"],
    meaning:
      "the address of the `probe` answers; present only where a child declares a probe, and `Ready` does not depend on it",
  },
  Traffic: {
    subjects: ["connection", "child"],
    writers: ["agent"],
    meaning:
      "not used. `False` (`IntegrityMismatch`) means that every packet of the peer fails the integrity check, and `Ready` is `False` too. `Unknown` (`NothingReceived`) means that packets leave and none has come back yet; `Ready` does not depend on it, since traffic may need no answer",
  },
  Differs: {
    subjects: ["connection", "child"],
    writers: ["agent"],
    meaning:
      "an SA carries traffic but does not match the manifest, and the message has both sides; or another program unloaded the connection of an SA from charon. Present only while that is so, and `Ready` does not depend on it",
  },
  RekeyRefused: {
    subjects: ["connection", "child"],
    writers: ["agent"],
    meaning:
      "the peer does not rekey an SA that carries traffic; the message has its reason. Present only while that SA exists, and `Ready` does not depend on it",
  },
  PartlyRouted: {
    subjects: ["connection", "child"],
    writers: ["agent"],
    meaning:
      "networks that the manifest names are not routed into the tunnel; the message lists them. Present only while there are such networks, and `Ready` does not depend on it",
  },
  NearLimit: {
    subjects: ["connection", "child"],
    writers: ["agent"],
    meaning:
      "a gateway that translates addresses for Services tracks more than nine tenths of the connections that the kernel can track; at the limit, new connections are dropped. Present only while that is so, until fewer than eight tenths are tracked, and `Ready` does not depend on it",
  },
  Redundant: {
    subjects: ["connection"],
    writers: ["agent"],
    meaning:
      "another path than the active one could take over: its IKE SA is up (reason `StandbyReady`). `False` (`StandbyDown`): each standby is down that has to be up; the message has the reasons. `Unknown` (`StandbyNotTested`): the standbys are cold. Present only for a connection with several paths, and `Ready` does not depend on it",
  },
  PeerTakesLast: {
    subjects: ["connection"],
    writers: ["agent"],
    meaning:
      "a path was declared `standby: hot`, and the peer's answers followed its CHILD SA away from the active path: hot standbys are warm instead. Present only for a connection with several paths, until they are declared in another way, the connection is restarted or the agent starts again; `Ready` does not depend on it",
  },
  PeerKeepsOne: {
    subjects: ["connection"],
    writers: ["agent"],
    meaning:
      "the peer refused or ended an IKE SA while another path had one, so that the standbys are cold. Present as `PeerTakesLast` is, and `Ready` does not depend on it",
  },
  Ready: {
    subjects: ["connection", "child", "CharonGroup"],
    writers: ["agent", "operator"],
    meaning:
      "every child carries traffic; for a CharonGroup, it can carry connections. `Unknown` (`AgentSilent`) while no agent reports",
  },
  Reconciling: {
    subjects: ["connection", "CharonGroup"],
    writers: ["agent", "operator"],
    meaning: "it is not ready, and ipman keeps trying",
  },
  Stalled: {
    subjects: ["connection", "CharonGroup"],
    writers: ["agent", "operator"],
    meaning: "it is not ready, and needs a person to act",
  },
} as const satisfies Readonly<Record<string, ConditionEntry>>;

/** The type of a condition that ipman writes. */
export type ConditionType = keyof typeof table;

/** Every condition type with its documentation. */
export const conditionTypes: Readonly<Record<ConditionType, ConditionEntry>> = table;

/** The condition types that an agent writes into the status of a connection or of its children. */
export const agentConditionTypes: ReadonlySet<string> = new Set(
  Object.entries(conditionTypes)
    .filter(
      ([, { subjects, writers }]) => subjects.includes("connection") && writers.includes("agent"),
    )
    .map(([type]) => type),
);
