import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Dated } from "../../runtime/status/dated-status.ts";
import type { StatusReport } from "../../runtime/status/report.ts";
import { statusTable } from "./status-table.ts";

const child = (key: string, changes: object) => ({
  key,
  name: key,
  state: "established",
  since: 900,
  gateway: "ready",
  workers: [{}, {}],
  failure: undefined,
  reachability: undefined,
  conditions: [],
  ...changes,
});
const refused = { reason: "AuthenticationFailed", message: "the peer refused" };

const report = {
  at: 1_000,
  charon: { state: "ready", failure: undefined },
  problems: [],
  connections: [
    {
      id: "partner",
      state: "established",
      since: 880,
      failure: undefined,
      problems: [],
      paths: [],
      children: [
        child("lan", { unrouted: "remote_ips wider than /8 do not become routes" }),
        child("dmz", { reachability: "unreachable", since: 990, workers: [] }),
      ],
    },
    {
      id: "bank",
      state: "failed",
      since: 1_000,
      failure: refused,
      problems: [],
      paths: [],
      children: [],
    },
  ],
  traffic: { "partner/lan": { bytesIn: 12_345, bytesOut: 7, idleIn: 1 } },
} as unknown as StatusReport & Dated;

// A terminal would have colours.
process.env["NO_COLOR"] = "1";

describe("the status as a table", () => {
  it("shows state, duration, traffic and the reason of a failure", () => {
    assert.deepEqual(statusTable(report).split("\n"), [
      "CONNECTION  CHILD  STATE        SINCE  IN       OUT  GATEWAY  WORKERS  REASON",
      "partner            established  2m",
      "            lan    established  1m40s  12.3 kB  7 B  ready    2",
      "            dmz    established  10s                  ready    0        ProbeUnanswered",
      "bank               failed       0s                                     AuthenticationFailed",
      "",
      "partner/lan: remote_ips wider than /8 do not become routes",
      "partner/dmz: the probe of dmz is not answered",
      "bank: the peer refused",
      "",
    ]);
  });

  it("shows why a child that is up may carry nothing", () => {
    const traffic = { reason: "NothingReceived", message: "nothing came back" };
    const [partner] = report.connections;
    const children = [child("lan", { traffic, workers: [] })];
    const connections = [{ ...partner, children }] as unknown as StatusReport["connections"];
    const lines = statusTable({ ...report, connections, traffic: {} }).split("\n");
    assert.match(lines[2] ?? "", /lan +established .* NothingReceived$/);
    assert.equal(lines[4], "partner/lan: nothing came back");
  });

  it("shows the paths of a connection with several, and why one that is not active failed", () => {
    const [partner] = report.connections;
    const paths = [
      { name: "main", role: "standby", state: "failed", failure: refused },
      { name: "backup", role: "active", state: "established", failure: undefined, node: "b" },
      { name: "third", role: "dialled", state: "negotiating", failure: undefined },
    ].map((path) => ({ ...path, standby: "warm", since: 940 }));
    const lastSwitch = { from: "main", cause: "lost", since: 400 };
    const connections = [
      { ...partner, paths, lastSwitch },
    ] as unknown as StatusReport["connections"];
    const lines = statusTable({ ...report, connections, traffic: {} }).split("\n");
    assert.match(lines[2] ?? "", /^ +path main \(warm\) +failed +1m +AuthenticationFailed$/);
    assert.match(lines[3] ?? "", /^ +path backup \(active\) on b +established +1m$/);
    assert.match(lines[4] ?? "", /^ +path third \(dialled\) +negotiating +1m$/);
    const detour = "partner: the path backup has been active instead of main for 10m (lost)";
    assert.ok(lines.includes(detour));
    assert.ok(lines.includes("partner path main: the peer refused"));
  });

  it("reports a preferred path that is active, and an unknown time of the last switch", () => {
    const [partner] = report.connections;
    const lines = (roles: readonly string[]) => {
      const paths = roles.map((role, i) => ({
        name: `p${i}`,
        role,
        state: "pending",
        standby: "cold",
        since: 0,
      }));
      const connections = [{ ...partner, paths }] as unknown as StatusReport["connections"];
      return statusTable({ ...report, connections, traffic: {} });
    };
    assert.doesNotMatch(lines(["active", "standby"]), /instead of/);
    assert.match(lines(["standby", "active"]), /^partner: the path p1 is active instead of p0$/m);
  });

  it("reports first that the state cannot be written", () => {
    const stateProblem = "/run/ipman/endpoints.json cannot be written: ENOSPC";
    assert.equal(statusTable({ ...report, stateProblem }).split("\n")[6], stateProblem);
  });
});
