import { BehaviorSubject } from "rxjs";
import { childSpec, connectionSpec, secret } from "../../lab/sites/manifests.ts";
import { BeatSocket } from "../../src/adapters/beats/beat-socket.ts";
import { EchoSocket } from "../../src/adapters/icmp/echo-socket.ts";
import { Poller } from "../../src/adapters/linux/poller.ts";
import { Charon } from "../../src/adapters/vici/charon.ts";
import { beatOf } from "../../src/machines/connection/elsewhere.ts";
import type { Snapshot } from "../../src/model/api/resource.ts";
import { parseAddress, type Address } from "../../src/model/net/address.ts";
import { SegmentKey } from "../../src/model/network/segment-key.ts";
import { BeatExchange } from "../../src/runtime/beats/beat-exchange.ts";
import { ConnectionBeats, peersOf } from "../../src/runtime/beats/connection-beats.ts";
import { desiredStates } from "../../src/runtime/desired/desired-states.ts";
import { statusOf } from "../../src/runtime/status/status.ts";
import { Supervisor } from "../../src/runtime/supervisor/supervisor.ts";
import { obedientNetwork, simulatedPlacement } from "../../test/simulator/placement.ts";
import { resourceOf } from "../../test/simulator/world.ts";

/**
 * An agent with 100 connections on a simulated charon, and the exchange with its peer if they have a
 * path on each of two nodes. Its arguments are the node, its address, the peer's node and address (empty
 * for connections with one path), the port of beats and charon's socket. Prints, as JSON, whether all
 * connections are at rest and the processor time since the last line, each time that it reads a line.
 */
const count = 100;
const [, , node = "", address = "", peer = "", peerAddress = "", port = "", vici = ""] =
  process.argv;
const groupId = `node:${node}`;

const fail = (error: unknown) => {
  throw error;
};

function manifests(): Snapshot {
  const paths = [{ name: "main" }, { name: "backup", nodeName: "node-b" }];
  const crs = Array.from({ length: count }, (_, i) => {
    const child = childSpec(2, {
      name: "net",
      if_id: i + 1,
      local_ips: [`10.16.${i}.0/24`],
      remote_ips: [`10.1.${i}.0/24`],
      xfrm_ip: `10.16.${i}.1/24`,
      vxlan_ip: `10.16.${i}.2/24`,
      ip_pools: { primary: [`10.16.${i}.3-10.16.${i}.9/24`] },
    });
    const shared = { nodeName: "node-a", children: { net: child } };
    return resourceOf(connectionSpec(`c${i}`, peer === "" ? shared : { ...shared, paths }));
  });
  const keys = Object.fromEntries(crs.map(({ key }) => [key, "a key"]));
  return { resources: [resourceOf(secret(keys)), ...crs], problems: [] };
}

const desired = desiredStates(new BehaviorSubject(manifests()), {
  scope: "cluster",
  groupId,
  report: fail,
});
const supervisor = new Supervisor({
  charon: new Charon(vici),
  network: obedientNetwork,
  placement: simulatedPlacement(),
  desired,
});
supervisor.events.breakdowns.subscribe(({ id, error }) =>
  fail(new Error(`${id} broke down`, { cause: error })),
);

if (peer !== "") {
  const poller = new Poller();
  const exchange = new BeatExchange({
    groupId,
    segmentKey: new SegmentKey(new Uint8Array(32).fill(7)),
    openSocket: () =>
      new BeatSocket({
        port: Number(port),
        addresses: { 4: address, 6: "::1" },
        onDrop: () => {},
        onTrouble: () => {},
      }),
    openEcho: (target, onAnswer) =>
      new EchoSocket(poller, { namespace: undefined, target }, onAnswer),
    count: () => {},
    report: fail,
  });
  const beats = new ConnectionBeats({
    groupId,
    exchange,
    rootOf: (id) => supervisor.roots.get(id),
    beatOf: (root) => beatOf(root.getSnapshot().context),
    send: (root, event) => root.send(event),
    activity: supervisor.activity,
    report: fail,
  });
  const addresses = [parseAddress(peerAddress) as Address];
  const group = `node:${peer}`;
  exchange.setPeers(new Map([[group, { agent: addresses, echoes: addresses }]]));
  desired.subscribe(({ connections }) => {
    if ([...connections.values()].every((one) => peersOf(one, groupId).has(group)))
      beats.declare(connections);
  });
}
supervisor.start();

let cpu = process.cpuUsage();
process.stdin.on("data", () => {
  const { connections } = statusOf(supervisor);
  const states = connections.flatMap(({ state, paths = [] }) =>
    paths.length === 0 ? [state] : paths.map((path) => path.state),
  );
  const established = states.filter((state) => state === "established").length;
  const { user, system } = process.cpuUsage(cpu);
  const answer = { connections: connections.length, established, cpuMs: (user + system) / 1_000 };
  process.stdout.write(`${JSON.stringify(answer)}\n`);
  cpu = process.cpuUsage();
});
process.stdin.on("end", () => process.exit());
