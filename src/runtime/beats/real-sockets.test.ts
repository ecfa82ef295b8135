import assert from "node:assert/strict";
import { it } from "node:test";
import { firstValueFrom } from "rxjs";
import { BeatSocket } from "../../adapters/beats/beat-socket.ts";
import { beatOfSite } from "../../model/beats/beat.fixture.ts";
import { parseAddress, type Address } from "../../model/net/address.ts";
import { SegmentKey } from "../../model/network/segment-key.ts";
import { BeatExchange } from "./beat-exchange.ts";

const noEcho = { send: () => {}, drain: () => {}, [Symbol.dispose]: () => {} };

/** An exchange at an address of the loopback. */
function agentAt(groupId: string, address: string, port: number): BeatExchange {
  const fail = (error: unknown) => assert.fail(String(error));
  return new BeatExchange({
    groupId,
    segmentKey: new SegmentKey(new Uint8Array(32).fill(9)),
    openSocket: () =>
      new BeatSocket({
        port,
        addresses: { 4: address, 6: "::1" },
        onDrop: () => {},
        onTrouble: () => {},
      }),
    openEcho: () => noEcho,
    count: () => {},
    report: fail,
  });
}

it("two agents exchange reports over UDP", async () => {
  // Each process has a port of its own, and each agent an address.
  const port = 20_000 + (process.pid % 20_000);
  const [one, other] = ["127.0.0.1", "127.0.0.2"];
  using a = agentAt("node:a", one, port);
  using b = agentAt("node:b", other, port);
  const heard = firstValueFrom(a.beats);
  const answered = firstValueFrom(b.presences);
  const at = (text: string) => ({ agent: [parseAddress(text) as Address], echoes: [] });
  a.setPeers(new Map([["node:b", at(other)]]));
  b.setPeers(new Map([["node:a", at(one)]]));
  b.publish("node:a", "site", beatOfSite());
  assert.deepEqual(await heard, { group: "node:b", beat: beatOfSite() });
  assert.deepEqual(await answered, { group: "node:a", presence: "present" });
});
