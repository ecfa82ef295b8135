import { BeatSocket } from "../../src/adapters/beats/beat-socket.ts";
import { EchoSocket } from "../../src/adapters/icmp/echo-socket.ts";
import { Poller } from "../../src/adapters/linux/poller.ts";
import { beatOfSite } from "../../src/model/beats/beat.fixture.ts";
import { parseAddress, type Address } from "../../src/model/net/address.ts";
import { SegmentKey } from "../../src/model/network/segment-key.ts";
import { BeatExchange } from "../../src/runtime/beats/beat-exchange.ts";
import { AgentCounts } from "./agent-counts.ts";

/**
 * The exchange of one agent with another one, as `ipman run` joins it. Its arguments are its group, and
 * the group and the address of its peer. Prints its counts, as a line of JSON, each time that it reads a
 * line, and ends with its input.
 */
const [, , groupId = "", peer = "", address = ""] = process.argv;
const connections = 100;

const fail = (error: unknown) => {
  throw error;
};
const poller = new Poller();
const counts = new AgentCounts();
const exchange = new BeatExchange({
  groupId,
  segmentKey: new SegmentKey(new Uint8Array(32).fill(7)),
  openSocket: () => new BeatSocket({ onDrop: counts.count, onTrouble: fail }),
  openEcho: (target, onAnswer) =>
    new EchoSocket(poller, { namespace: undefined, target }, () => {
      counts.answer();
      onAnswer();
    }),
  count: counts.count,
  report: fail,
});
counts.observe(exchange);
const addresses = [parseAddress(address) as Address];
exchange.setPeers(new Map([[peer, { agent: addresses, echoes: addresses }]]));
for (let i = 0; i < connections; i++) {
  const connection = `default/site-${i}`;
  exchange.publish(peer, connection, beatOfSite({ connection }));
}
process.stdin.on("data", () => process.stdout.write(`${JSON.stringify(counts.take())}\n`));
process.stdin.on("end", () => process.exit());
