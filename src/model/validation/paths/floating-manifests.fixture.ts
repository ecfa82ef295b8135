/** The part of a manifest that the cases change. */
interface Declared {
  readonly spec: { remoteAddr: string };
}

const floatingAddr = "192.168.1.5/24";
const address = "spec.failover.floatingAddr";
const edge = { namespace: "vpn", name: "edge" };
const apart = { name: "backup", nodeName: "node-b" };

/** A manifest with a floating address, with further fields, and with others of its second path. */
const floats =
  (spec: object, path: object = {}, failover: object = {}) =>
  (cr: Declared) =>
    Object.assign(
      cr.spec,
      {
        localAddr: "%any",
        failover: { floatingAddr, ...failover },
        paths: [{ name: "main" }, { ...apart, ...path }],
      },
      spec,
    );

/** Manifests with a floating address, and the paths of their problems. */
export const floatingCases: readonly [string, (cr: Declared) => void, string[]][] = [
  ["a floating address of two nodes", floats({}), []],
  [
    "a floating address with each field that may belong to it",
    floats(
      { localAddr: "192.168.1.5", extra: { mobike: "no", unique: "replace" } },
      { localAddr: "192.168.1.5", localId: "gw.example", standby: "cold" },
      { floatingInterface: "eth0.7" },
    ),
    [],
  ],
  [
    "a floating IPv6 address",
    floats({ remoteAddr: "fd00::2" }, {}, { floatingAddr: "fd00::5/64" }),
    [],
  ],
  ...["192.168.1.4/31", "192.168.1.5/31", "192.168.1.5/12"].map(
    (text): (typeof floatingCases)[number] => [
      `the floating address ${text}`,
      floats({}, {}, { floatingAddr: text }),
      [],
    ],
  ),
  ...[
    "192.168.1.255/24",
    "192.168.1.7/30",
    "192.168.1.5/0",
    "192.168.1.5/32",
    "192.168.1.5/33",
    "127.0.0.5/8",
    "255.255.255.255/24",
    "%any",
    "",
  ].map((text): (typeof floatingCases)[number] => [
    `the floating address "${text}"`,
    floats({}, {}, { floatingAddr: text }),
    [address],
  ]),
  ...["fd00::5/0", "fd00::5/128", "fd00::/64", "ff02::5/64", "::ffff:192.0.2.5/120"].map(
    (text): (typeof floatingCases)[number] => [
      `the floating address ${text}`,
      floats({ remoteAddr: "fd00::2" }, {}, { floatingAddr: text }),
      [address],
    ],
  ),
  [
    "a floating address of one host with its interface",
    floats({}, {}, { floatingAddr: "192.168.1.5/32", floatingInterface: "eth1" }),
    [],
  ],
  [
    "the peer's address as a floating address",
    floats({ remoteAddr: "192.168.1.5" }, { remoteAddr: "192.168.1.2" }),
    ["spec.remoteAddr"],
  ],
  [
    "a floating address of a group that makes the paths",
    floats({ nodeName: undefined, groupRef: edge, paths: undefined }),
    [],
  ],
  [
    "a floating address of two nodes of one group",
    floats({
      nodeName: undefined,
      groupRef: edge,
      paths: ["node-a", "node-b"].map((nodeName) => ({
        name: nodeName,
        groupRef: edge,
        nodeName,
      })),
    }),
    [],
  ],
  [
    "a wrong floating address, local address and options without paths",
    floats(
      {
        nodeName: undefined,
        groupRef: edge,
        paths: undefined,
        localAddr: "192.168.1.1",
        extra: { mobike: "yes" },
      },
      {},
      { floatingAddr: "gw.example", floatingInterface: ".." },
    ),
    [address, "spec.failover.floatingInterface", "spec.extra.mobike"],
  ],
  [
    "a floating address without a length",
    floats({}, {}, { floatingAddr: "192.168.1.5" }),
    [address],
  ],
  [
    "a network as a floating address",
    floats({}, {}, { floatingAddr: "192.168.1.0/24" }),
    [address],
  ],
  ["a floating address of many hosts", floats({}, {}, { floatingAddr: "224.0.0.5/24" }), [address]],
  ["text as a floating address", floats({}, {}, { floatingAddr: "gw.example/24" }), [address]],
  [
    "a floating address of one node",
    floats({}, { nodeName: undefined, remoteAddr: "192.168.1.3" }),
    [address],
  ],
  [
    "an interface without a floating address",
    floats({}, {}, { floatingAddr: undefined, floatingInterface: "eth0" }),
    ["spec.failover.floatingInterface"],
  ],
  [
    "the alias of an interface for a floating address",
    floats({}, {}, { floatingInterface: "eth0:1" }),
    ["spec.failover.floatingInterface"],
  ],
  [
    "another local address than the floating one",
    floats({ localAddr: "192.168.1.1" }, { localAddr: "gw.example" }),
    ["spec.localAddr", "spec.paths[1].localAddr", "spec.paths[1].localAddr"],
  ],
  [
    "standbys that would have the floating address",
    floats({
      paths: [
        { name: "main", standby: "warm" },
        { ...apart, standby: "hot" },
      ],
    }),
    ["spec.paths[0].standby", "spec.paths[1].standby"],
  ],
  [
    "options that leave a floating address to another IKE SA",
    floats({ extra: { MOBIKE: "yes" } }, { extra: { unique: "never" } }),
    ["spec.extra.mobike", "spec.paths[1].extra.unique"],
  ],
  [
    "a peer of another family than the floating address",
    floats({ localAddr: "" }, { remoteAddr: "fd00::2" }),
    ["spec.paths[1].remoteAddr"],
  ],
];
