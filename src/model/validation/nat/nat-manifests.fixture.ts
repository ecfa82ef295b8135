interface Changed {
  readonly spec: { readonly children: Readonly<Record<"example-child", object>> };
}

const path = (field: string) => `spec.children.example-child${field}`;

const natted =
  (nat: object, changes: object = {}) =>
  (cr: Changed): void =>
    void Object.assign(cr.spec.children["example-child"], { nat, ...changes });

const source = (addresses: string, changes?: object) => natted({ source: { addresses } }, changes);
const networks = (...pairs: (readonly [local: string, seen: string])[]) => ({
  source: { networks: pairs.map(([local, seen]) => ({ local, seen })) },
});
const remote = (...pairs: (readonly [actual: string, seen: string])[]) => ({
  remote: pairs.map(([actual, seen]) => ({ actual, seen })),
});
const sourceField = path(".nat.source.addresses");
const networkField = (end: string) => path(`.nat.source.networks${end}`);
const remoteField = (end: string) => path(`.nat.remote${end}`);
const seenOnly = { local_ips: ["192.168.77.0/24"] };

/** Changes of the translation of a child with their titles, and the paths of the problems that they cause. */
export const natCases: readonly [string, (cr: Changed) => void, string[]][] = [
  ["a source address that all workloads share", source("10.0.2.50"), []],
  ["a range of them", source("10.0.2.50-10.0.2.53"), []],
  ["the source address xfrm_ip", source("10.0.2.1"), []],
  [
    "pools outside local_ips behind a source address",
    source("10.9.9.9", { local_ips: ["10.9.9.9/32"] }),
    [],
  ],
  ["a source address outside local_ips", source("10.9.9.9"), [sourceField]],
  ["the source address vxlan_ip", source("10.0.2.2"), [sourceField]],
  ["a source address with a length", source("10.0.2.50/24"), [sourceField]],
  ["a source address of the other family", source("fd00::1"), [sourceField, sourceField]],
  ["a source without addresses", natted({ source: {} }), [path(".nat.source")]],
  [
    "a source with addresses and networks",
    natted({
      source: { ...networks(["10.0.2.0/24", "10.0.2.0/24"]).source, addresses: "10.0.2.50" },
    }),
    [path(".nat.source")],
  ],
  [
    "networks that the partner sees under others",
    natted(networks(["10.0.2.0/24", "192.168.77.0/24"]), seenOnly),
    [],
  ],
  [
    "a network that is seen outside local_ips",
    natted(networks(["10.0.2.0/24", "192.168.77.0/24"])),
    [networkField("[0].seen")],
  ],
  [
    "a network that is seen with another length",
    natted(networks(["10.0.2.0/24", "192.168.77.0/25"]), seenOnly),
    [networkField("[0].seen"), path(".ip_pools.primary[0]"), path(".ip_pools.primary[1]")],
  ],
  [
    "pools that the translation leaves outside local_ips",
    natted(networks(["10.0.3.0/24", "192.168.77.0/24"]), seenOnly),
    [path(".ip_pools.primary[0]"), path(".ip_pools.primary[1]")],
  ],
  [
    "a network that is declared twice",
    natted(networks(["10.0.2.0/25", "10.0.2.0/25"], ["10.0.2.0/26", "10.0.2.128/26"])),
    [networkField("[1].local")],
  ],
  [
    "a network with host bits",
    natted(remote(["10.0.1.5/24", "172.31.1.0/24"])),
    [remoteField("[0].actual")],
  ],
  ["a network that is none", natted(remote(["10.0.1.0/24", "?"])), [remoteField("[0].seen")]],
  [
    "a wide network",
    natted(remote(["0.0.0.0/0", "0.0.0.0/0"])),
    [remoteField("[0].actual"), remoteField("[0].seen")],
  ],
  ["a network of the partner under another", natted(remote(["10.0.1.0/24", "172.31.1.0/24"])), []],
  [
    "the same network on both sides",
    natted(
      {
        ...networks(["10.0.2.0/24", "192.168.77.0/24"]),
        ...remote(["10.0.2.0/24", "172.31.2.0/24"]),
      },
      {
        ...seenOnly,
        remote_ips: ["10.0.2.0/24"],
        routes: ["172.31.2.0/25"],
        probe: { address: "172.31.2.7" },
      },
    ),
    [],
  ],
  [
    "routes and a probe by the addresses that the partner has",
    natted(remote(["10.0.1.0/24", "172.31.1.0/24"]), {
      routes: ["10.0.1.0/24"],
      probe: { address: "10.0.1.7" },
    }),
    [path(".routes[0]"), path(".probe.address")],
  ],
  [
    "a network of the partner outside remote_ips",
    natted(remote(["10.0.7.0/24", "172.31.1.0/24"])),
    [remoteField("[0].actual")],
  ],
  [
    "a network of the partner that is seen as the child's own",
    natted(remote(["10.0.1.0/24", "10.0.2.0/24"])),
    [remoteField("[0].seen")],
  ],
  [
    "a network of the partner that is seen as another one",
    natted(remote(["10.0.1.0/25", "10.0.1.128/25"])),
    [remoteField("[0].seen")],
  ],
];
