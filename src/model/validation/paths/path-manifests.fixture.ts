/** The part of a manifest that the cases change. */
interface Declared {
  readonly spec: { remoteAddr: string };
}

const pathsOf = (cr: Declared, ...paths: object[]) => Object.assign(cr.spec, { paths });

/** Manifests with several paths, and the paths of their problems. */
export const pathCases: readonly [string, (cr: Declared) => void, string[]][] = [
  [
    "two paths",
    (cr) => pathsOf(cr, { name: "main" }, { name: "backup", remoteAddr: "gw.example" }),
    [],
  ],
  [
    "two paths to the same gateway from two nodes",
    (cr) => pathsOf(cr, { name: "main" }, { name: "backup", nodeName: "node-b" }),
    [],
  ],
  [
    "paths with other keys for the same identity on two nodes",
    (cr) =>
      pathsOf(
        cr,
        { name: "main" },
        {
          name: "backup",
          groupRef: { name: "b", namespace: "vpn" },
          secretRef: { name: "other", namespace: "default", key: "psk" },
        },
      ),
    [],
  ],
  [
    "paths with the node of a group, and with wrong names of both",
    (cr) =>
      pathsOf(
        cr,
        { name: "main", nodeName: "Node" },
        { name: "b", nodeName: "node-b", groupRef: { name: "A", namespace: "/" } },
        { name: "c", nodeName: "node-b", remoteAddr: "192.0.2.1" },
        { name: "d", nodeName: "node-b", remoteAddr: "192.0.2.1" },
      ),
    [
      "spec.paths[0].nodeName",
      "spec.paths[1].groupRef.name",
      "spec.paths[1].groupRef.namespace",
      "spec.paths[3].remoteAddr",
    ],
  ],
  ["one path", (cr) => pathsOf(cr, { name: "main" }), []],
  [
    "failover settings with one path",
    (cr) => Object.assign(cr.spec, { paths: [{ name: "main" }], failover: {} }),
    ["spec.failover"],
  ],
  [
    "paths with other keys for the same identity",
    (cr) =>
      pathsOf(
        cr,
        { name: "main" },
        {
          name: "backup",
          remoteAddr: "192.0.2.1",
          secretRef: { name: "other", namespace: "default", key: "psk" },
        },
      ),
    ["spec.paths[1].secretRef"],
  ],
  [
    "an address that another path writes differently",
    (cr) => {
      Object.assign(cr.spec, { localAddr: "" });
      pathsOf(
        cr,
        { name: "main", remoteAddr: "fd00::1" },
        { name: "backup", remoteAddr: "fd00:0::1" },
      );
    },
    ["spec.paths[1].remoteAddr"],
  ],
  [
    "lifetimes of a path that contradict those of its connection",
    (cr) => {
      Object.assign(cr.spec, { extra: { rand_time: "10m" } });
      pathsOf(
        cr,
        { name: "main" },
        { name: "backup", remoteAddr: "192.0.2.1", extra: { rekey_time: "5m" } },
      );
    },
    ["spec.paths[1].extra.rand_time"],
  ],
  [
    "a lifetime of a path that fits another one of its connection",
    (cr) => {
      Object.assign(cr.spec, { extra: { rekey_time: "40h" } });
      pathsOf(
        cr,
        { name: "main" },
        { name: "backup", remoteAddr: "192.0.2.1", extra: { rand_time: "5h" } },
      );
    },
    [],
  ],
  [
    "paths in extra",
    (cr) => Object.assign(cr.spec, { extra: { paths: "2" } }),
    ["spec.extra.paths"],
  ],
  [
    "failover settings without paths",
    (cr) => Object.assign(cr.spec, { failover: { holdSeconds: 10 } }),
    ["spec.failover"],
  ],
  [
    "failover settings without paths in a CharonGroup, which may have several nodes",
    (cr) => {
      const groupRef = { name: "edge", namespace: "vpn" };
      Object.assign(cr.spec, { groupRef, nodeName: undefined, failover: { holdSeconds: 10 } });
    },
    [],
  ],
  [
    "paths to the same gateway from two nodes of a group, and from one of them twice",
    (cr) => {
      const groupRef = { name: "edge", namespace: "vpn" };
      pathsOf(
        cr,
        { name: "main", groupRef, nodeName: "node-a" },
        { name: "b", groupRef, nodeName: "node-b" },
        { name: "c", groupRef, nodeName: "node-b" },
      );
    },
    ["spec.paths[2].remoteAddr"],
  ],
  [
    "two paths with the same name, and with the same addresses",
    (cr) => pathsOf(cr, { name: "a" }, { name: "a", remoteAddr: "192.168.1.2" }),
    ["spec.paths[1].name", "spec.paths[1].remoteAddr"],
  ],
  [
    "wrong values of a path",
    (cr) =>
      pathsOf(
        cr,
        { name: "a/b" },
        {
          name: "b",
          remoteAddr: "%any",
          localAddr: "fd00::1",
          localId: "@#zz",
          remoteId: "b.example",
          secretRef: { name: "A", namespace: "default", key: "/" },
          extra: { vips: "0.0.0.0" },
        },
        { name: "c", remoteAddr: "fd00::2" },
      ),
    [
      "spec.paths[0].name",
      "spec.paths[1].remoteAddr",
      "spec.paths[1].localId",
      "spec.paths[1].secretRef.name",
      "spec.paths[1].secretRef.key",
      "spec.paths[1].extra.vips",
      "spec.paths[2].localAddr",
    ],
  ],
  [
    "paths of a connection whose peer has no fixed address",
    (cr) => {
      cr.spec.remoteAddr = "%any";
      pathsOf(cr, { name: "main" }, { name: "backup", remoteAddr: "192.0.2.1" });
    },
    ["spec.remoteAddr"],
  ],
  [
    "an unknown field of a path",
    (cr) => pathsOf(cr, { name: "main", role: "standby" }),
    ["spec.paths[0].role"],
  ],
  [
    "each kind of standby, and another word for one",
    (cr) =>
      pathsOf(
        cr,
        { name: "main", standby: "hot" },
        { name: "b", remoteAddr: "192.0.2.1", standby: "warm" },
        { name: "c", remoteAddr: "192.0.2.2", standby: "cold" },
        { name: "d", remoteAddr: "192.0.2.3", standby: "tepid" },
      ),
    ["spec.paths[3].standby"],
  ],
];
