/** OpenAPI schemas of what ipman writes into statuses. */
type StatusSchema = Readonly<Record<string, unknown>>;

/** Longest message that the API server takes, in code points: a longer one has it refuse the status. */
export const longestMessage = 32_768;

const text = (description: string): StatusSchema => ({ type: "string", description });

/** Written as a whole: so the API server keeps no record of who wrote each key. */
const mapOf = (values: StatusSchema, description: string): StatusSchema => ({
  type: "object",
  description,
  additionalProperties: values,
  "x-kubernetes-map-type": "atomic",
});

/** metav1.Condition. */
const conditions: StatusSchema = {
  type: "array",
  description: "What is so and what is not; Ready sums it up.",
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": ["type"],
  items: {
    type: "object",
    required: ["type", "status", "reason", "message", "lastTransitionTime"],
    properties: {
      type: { ...text("What is told of."), maxLength: 316 },
      status: { ...text("Whether it is so."), enum: ["True", "False", "Unknown"] },
      reason: { ...text("Why, in a word for programs."), minLength: 1, maxLength: 1024 },
      message: { ...text("Why, for people."), maxLength: longestMessage },
      observedGeneration: {
        type: "integer",
        format: "int64",
        description: "The generation that it is told of.",
      },
      lastTransitionTime: { ...text("Since when status is what it is."), format: "date-time" },
    },
  },
};

const observedGeneration: StatusSchema = {
  type: "integer",
  format: "int64",
  description: "The generation that the status is about.",
};

const children: StatusSchema = {
  type: "array",
  description: "The children and how they are.",
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": ["key"],
  items: {
    type: "object",
    required: ["key"],
    properties: {
      key: text("The key in spec.children."),
      name: text("The child's name."),
      state: text("pending, negotiating, established, rekeying, failed or terminating."),
      gateway: text("absent, configuring, ready or degraded."),
      mtu: {
        type: "integer",
        description: "Largest packet that enters the tunnel whole, in bytes.",
      },
      conditions,
    },
  },
};

export const connectionStatus: StatusSchema = {
  type: "object",
  properties: {
    observedGeneration,
    conditions,
    children,
    childrenReady: text("How many children carry traffic, of how many."),
    node: text("The node that carries the tunnel."),
    xfrmGatewayIp: mapOf({ type: "string" }, "By child's name: the pod address of its gateway."),
    freeIps: mapOf(
      mapOf({ type: "array", items: { type: "string" } }, "By pool."),
      "By child's name and pool: the first free addresses.",
    ),
    pendingIps: mapOf(
      { type: "string" },
      "Addresses reserved for pods that are about to be, and since when; while many come, half a minute old.",
    ),
  },
};

export const groupStatus: StatusSchema = {
  type: "object",
  properties: { observedGeneration, conditions },
};
