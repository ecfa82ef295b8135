import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { describeLines, type Described } from "./describe-lines.ts";

// A terminal would have colours.
process.env["NO_COLOR"] = "1";

const actor = (title: string, context: object) => ({ title, snapshot: { context } });
const condition = (type: string, status: string, reason: string, message: string) => ({
  type,
  status,
  reason,
  message,
});

const sa = {
  uniqueId: "3",
  state: "ESTABLISHED",
  localId: "us",
  remoteId: "them",
  localHost: "192.0.2.1",
  remoteHost: "192.0.2.7",
  keyExchange: "CURVE_25519/ML_KEM_768",
};

const described = {
  at: 1_000,
  connection: {
    id: "partner",
    state: "established",
    since: 880,
    failure: undefined,
    remote: "192.0.2.7",
    paths: [],
    conditions: [condition("Ready", "True", "Ready", "every child carries traffic")],
    children: [
      {
        key: "lan",
        state: "failed",
        since: 990,
        gateway: "ready",
        reachability: "unreachable",
        failure: { reason: "NoProposalChosen", message: "no common proposal" },
        workers: [{ id: "pod-1", address: "10.0.2.3/24" }],
        conditions: [condition("Established", "False", "NoProposalChosen", "no common proposal")],
      },
    ],
  },
  traffic: { "partner/lan": { bytesIn: 12_345, bytesOut: 7, idleIn: 65 } },
  actors: [
    actor("partner path", {
      ikeSas: [sa],
    }),
    actor("partner/lan", {
      sas: [
        {
          uniqueId: "5",
          state: "INSTALLED",
          encryption: "AES_CBC",
          integrity: "SHA2_256",
          keyExchange: "ECP_256",
          localSelectors: ["10.0.2.0/24"],
          remoteSelectors: ["10.1.2.0/24"],
          encapsulated: true,
        },
      ],
    }),
    actor("partner/lan gateway", { netns: "/run/netns/ipman-102" }),
  ],
} as unknown as Described;

describe("a connection, described", () => {
  it("has its SAs and conditions, and each child with its gateway and workers", () => {
    assert.deepEqual(describeLines(described), [
      "partner",
      "  state     established for 2m",
      "  peer      192.0.2.7",
      "  IKE SA    #3 ESTABLISHED, us at 192.0.2.1 with them at 192.0.2.7, CURVE_25519/ML_KEM_768",
      "  ✓ Ready          every child carries traffic",
      "",
      "child lan",
      "  state     failed for 10s: NoProposalChosen: no common proposal",
      "  CHILD SA  #5 INSTALLED, 10.0.2.0/24 with 10.1.2.0/24, AES_CBC/SHA2_256/ECP_256, in UDP",
      "  traffic   12.3 kB in, the last 1m5s ago; 7 B out",
      "  gateway   ready in /run/netns/ipman-102",
      "  worker    10.0.2.3/24  pod-1",
      "  probe     unreachable",
      "  ✗ Established    NoProposalChosen: no common proposal",
    ]);
  });

  it("has the paths of a connection with several, each with its IKE SAs, and the last switch", () => {
    const failed = { reason: "PeerUnreachable", message: "no answer" };
    const paths = [
      { name: "main", standby: "warm", state: "failed", remote: "192.0.2.7", failure: failed },
      { name: "backup", role: "active", remote: "192.0.2.8" },
      { name: "third", standby: "hot", remote: "192.0.2.9" },
      {
        name: "fourth",
        role: "dialled",
        state: "negotiating",
        remote: "192.0.2.10",
        since: 0,
        node: "b",
      },
    ].map((path) => ({ role: "standby", state: "established", since: 880, ...path }));
    const actors = described.actors.map((actor) => ({
      ...actor,
      title: actor.title.replace(/^partner(?! ).*?(?=\/)|^partner path/, "partner path backup"),
    }));
    const ikeSas = [{ ...sa, uniqueId: "4", remoteHost: "192.0.2.9" }];
    const third = { title: "partner path third", snapshot: { context: { ikeSas } } };
    const connection = {
      ...described.connection,
      paths,
      lastSwitch: { from: "main", cause: "lost", since: 400 },
    } as unknown as Described["connection"];
    const all = [...actors, third] as unknown as Described["actors"];
    const lines = describeLines({ ...described, connection, actors: all });
    assert.deepEqual(lines.slice(3, 10), [
      "  path      main to 192.0.2.7, warm standby, failed for 2m: PeerUnreachable: no answer",
      "  path      backup to 192.0.2.8, active, established for 2m",
      "  IKE SA    #3 ESTABLISHED, us at 192.0.2.1 with them at 192.0.2.7, CURVE_25519/ML_KEM_768",
      "  path      third to 192.0.2.9, hot standby, established for 2m",
      "  IKE SA    #4 ESTABLISHED, us at 192.0.2.1 with them at 192.0.2.9, CURVE_25519/ML_KEM_768",
      "  path      fourth from b to 192.0.2.10, dialled, negotiating",
      "  switch    from main to backup 10m ago: lost",
    ]);
    assert.ok(lines.some((line) => line.startsWith("  CHILD SA  #5 INSTALLED")));
  });

  it("lists the Services of a child, those without an endpoint too", () => {
    const [lan] = described.connection.children;
    const web = { service: "shop/web", transport: "tcp", address: "10.0.2.60:443" };
    const db = { service: "shop/db", transport: "udp", gatewayPort: 20_001 };
    const services = {
      exposed: [
        { ...web, backends: 0 },
        { ...web, backends: 1 },
      ],
      remote: [{ ...db, source: "10.0.2.70", hosts: ["10.1.2.7:5432", "10.1.2.8:5432"] }],
    };
    const connection = { ...described.connection, children: [{ ...lan, services }] };
    const lines = describeLines({ ...described, connection } as unknown as Described);
    assert.deepEqual(
      lines.filter((line) => line.startsWith("  service")),
      [
        "  service   10.0.2.60:443 tcp  shop/web to 0 endpoints",
        "  service   10.0.2.60:443 tcp  shop/web to 1 endpoint",
        "  service   gateway port 20001 udp  shop/db to 10.1.2.7:5432 10.1.2.8:5432 from 10.0.2.70",
      ],
    );
  });

  it("has the translation of a child's addresses", () => {
    const [child] = described.connection.children;
    const nat = ["the partner sees workers as 10.0.2.50"];
    const knownSelectors = "all workers with 10.1.2.0/24";
    const connection = { ...described.connection, children: [{ ...child, nat, knownSelectors }] };
    const lines = describeLines({ ...described, connection } as unknown as Described);
    assert.deepEqual(
      lines.filter((line) => line.startsWith("  nat")),
      [
        "  nat       the partner sees workers as 10.0.2.50",
        "  nat       workers know the networks as all workers with 10.1.2.0/24",
      ],
    );
  });
});
