import assert from "node:assert/strict";
import { join } from "node:path";
import { it } from "node:test";
import { connect, type Message } from "vici-client";
import type { CharonVersion } from "../../../src/model/charon/proposals/charon-version.ts";
import { SimulatedCharon } from "../../../test/simulator/charon.ts";
import type { Transcript } from "../../../test/simulator/charon/masked.ts";
import {
  conn,
  peers,
  sharedOf,
  transcript,
  type PeerName,
} from "../../../test/simulator/charon/transcript.ts";
import { peerHalf } from "../../sites/peer.ts";
import { TwoSites } from "../../sites/two-sites.ts";

/** The differences in the peer's configuration that cause each behaviour. */
const halves: Partial<Record<PeerName, { secret?: string; child?: Message }>> = {
  good: {},
  stranger: { secret: "another key" },
  weak: { child: { esp_proposals: ["aes128-sha1"] } },
  narrow: { child: { local_ts: ["10.99.0.0/16"] } },
};

it("the simulator replies and sends events like a real charon", async () => {
  const { version, steps: real } = await ofRealCharon();
  const simulated = await ofSimulator(version);
  for (const [step, expected] of Object.entries(real)) {
    assert.deepEqual(simulated[step], expected, step);
  }
});

async function ofRealCharon(): Promise<{ version: CharonVersion; steps: Transcript }> {
  await using lab = await TwoSites.build();
  for (const [name, half] of Object.entries(halves)) {
    await lab.peerSession.request("load-shared", { id: name, ...sharedOf(name, half.secret) });
    const message = conn(name as PeerName)[name] as Message;
    const { address } = peers[name as PeerName];
    await lab.peerSession.request("load-conn", { [name]: peerHalf(message, address, half.child) });
  }
  await using session = await lab.node.session();
  const { version } = lab.node;
  return { version, steps: await transcript(session, version) };
}

async function ofSimulator(version: CharonVersion): Promise<Transcript> {
  const peer = (name: string) => peers[name as PeerName].behaviour;
  await using simulator = new SimulatedCharon({ peer, version, retransmitMs: 300 });
  const path = join("/run", "simulated.vici");
  await simulator.listen(path);
  await using session = await connect({ path });
  return await transcript(session, version);
}
