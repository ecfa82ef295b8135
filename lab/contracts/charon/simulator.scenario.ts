import assert from "node:assert/strict";
import { join } from "node:path";
import { it } from "node:test";
import { connect } from "vici-client";
import type { CharonVersion } from "../../../src/model/charon/proposals/charon-version.ts";
import { SimulatedCharon } from "../../../test/simulator/charon.ts";
import type { Transcript } from "../../../test/simulator/charon/masked.ts";
import { peers, type PeerName } from "../../../test/simulator/charon/peers.ts";
import { transcript } from "../../../test/simulator/charon/transcript.ts";
import { TwoSites } from "../../sites/two-sites.ts";
import { loadHalves } from "./peer-halves.ts";

it("the simulator replies and sends events like a real charon", async () => {
  const { version, steps: real } = await ofRealCharon();
  const simulated = await ofSimulator(version);
  for (const [step, expected] of Object.entries(real)) {
    assert.deepEqual(simulated[step], expected, step);
  }
});

async function ofRealCharon(): Promise<{ version: CharonVersion; steps: Transcript }> {
  await using lab = await TwoSites.build();
  await loadHalves(lab.peerSession);
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
