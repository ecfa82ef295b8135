/** An OpenAPI schema of a part of a status. */
type StatusSchema = Readonly<Record<string, unknown>>;

/**
 * The longest message that the API server accepts, in code points. It refuses a status with a
 * longer one.
 */
export const longestMessage = 32_768;

const text = (description: string): StatusSchema => ({ type: "string", description });

/**
 * A map that is written as a whole, so that the API server does not record the owner of each key.
 */
const mapOf = (values: StatusSchema, description: string): StatusSchema => ({
  type: "object",
  description,
  additionalProperties: values,
  "x-kubernetes-map-type": "atomic",
});

/** metav1.Condition. */
const conditions: StatusSchema = {
  type: "array",
  description: "Current conditions; Ready summarises them.",
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": ["type"],
  items: {
    type: "object",
    required: ["type", "status", "reason", "message", "lastTransitionTime"],
    properties: {
      type: { ...text("The type of the condition."), maxLength: 316 },
      status: {
        ...text("The status of the condition: True, False or Unknown."),
        enum: ["True", "False", "Unknown"],
      },
      reason: {
        ...text("The reason for the status, as one word for programs."),
        minLength: 1,
        maxLength: 1024,
      },
      message: {
        ...text("The reason for the status, as a message for people."),
        maxLength: longestMessage,
      },
      observedGeneration: {
        type: "integer",
        format: "int64",
        description: "The generation that the condition describes.",
      },
      lastTransitionTime: { ...text("The last time the status changed."), format: "date-time" },
    },
  },
};

const observedGeneration: StatusSchema = {
  type: "integer",
  format: "int64",
  description: "The generation that the status describes.",
};

const children: StatusSchema = {
  type: "array",
  description: "The state of each child.",
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": ["key"],
  items: {
    type: "object",
    required: ["key"],
    properties: {
      key: text("The key in spec.children."),
      name: text("The child's name."),
      state: text(
        "The state of the CHILD SA: pending, negotiating, established, rekeying, failed or terminating.",
      ),
      gateway: text("The state of the gateway: absent, configuring, ready or degraded."),
      mtu: {
        type: "integer",
        description: "The largest packet that enters the tunnel unfragmented, in bytes.",
      },
      conditions,
    },
  },
};

const paths: StatusSchema = {
  type: "array",
  description: "The state of each path of a connection with several, the preferred one first.",
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": ["name"],
  items: {
    type: "object",
    required: ["name"],
    properties: {
      name: text("The path's name."),
      state: text(
        "The state of its IKE SA: pending, negotiating, established, rekeying, failed or terminating.",
      ),
      role: text(
        "active: it carries the traffic; standby: it waits; dialled: it is brought up to take over.",
      ),
      remote: text("The peer's address, as declared."),
      node: text("The node that has the path; absent unless the paths are on several nodes."),
      reason: text("Why it is not up, as one word for programs."),
      message: {
        ...text("Why it is not up, as a message for people."),
        maxLength: longestMessage,
      },
    },
  },
};

export const connectionStatus: StatusSchema = {
  type: "object",
  properties: {
    observedGeneration,
    conditions,
    children,
    childrenReady: text(
      "The number of children that carry traffic, and the number of all children.",
    ),
    activePath: text("The path that carries the traffic; absent for a connection with one path."),
    paths,
    node: text("The node that carries the tunnel."),
    xfrmGatewayIp: mapOf(
      { type: "string" },
      "The pod address of each child's gateway, by the child's name.",
    ),
    freeIps: mapOf(
      mapOf({ type: "array", items: { type: "string" } }, "Free addresses by pool."),
      "The first free addresses, by the child's name and pool.",
    ),
    pendingIps: mapOf(
      { type: "string" },
      "Addresses that are reserved for pods in creation, with the times of the reservations. It may lag half a minute while many pods are created.",
    ),
  },
};

const nodes: StatusSchema = {
  type: "array",
  description: "The state of each node of a group with nodeNames, the preferred one first.",
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": ["node"],
  items: {
    type: "object",
    required: ["node"],
    properties: {
      node: text("The node's name."),
      ready: { type: "boolean", description: "Whether charon and agent run there." },
      reason: text("Why they do not run, as one word for programs."),
      message: {
        ...text("Why they do not run, as a message for people."),
        maxLength: longestMessage,
      },
    },
  },
};

export const groupStatus: StatusSchema = {
  type: "object",
  properties: {
    observedGeneration,
    conditions,
    mainNode: text(
      "The node that the group began with, whose path is main: it keeps this name if nodeNames has another order later. Absent while the group has had one node only.",
    ),
    nodes,
    nodesReady: text(
      "The number of nodes on which charon and agent run, and the number of all nodes; absent for a group with nodeName.",
    ),
    frontendServiceName: text("The Service in front of charon."),
    frontendAddress: text(
      "The address of that Service: the load balancer's address or name, or the cluster IP for other types.",
    ),
  },
};
