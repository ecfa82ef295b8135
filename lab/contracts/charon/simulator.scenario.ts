import assert from "node:assert/strict";
import { join } from "node:path";
import { it } from "node:test";
import { connect } from "vici-client";
import type { CharonVersion } from "../../../src/model/charon/proposals/charon-version.ts";
import { SimulatedCharon } from "../../../test/simulator/charon.ts";
import type { Transcript } from "../../../test/simulator/charon/masked.ts";
import { peers, type PeerName } from "../../../test/simulator/charon/peers.ts";
import { silenceTranscript } from "../../../test/simulator/charon/silence-transcript.ts";
import { transcript } from "../../../test/simulator/charon/transcript.ts";
import { TwoSites } from "../../sites/two-sites.ts";
import { loadHalves } from "./peer-halves.ts";

const simulatedVici = join("/run", "simulated.vici");

it("the simulator replies and sends events like a real charon", async () => {
  const { version, steps: real } = await ofRealCharon();
  const simulated = await ofSimulator(version);
  for (const [step, expected] of Object.entries(real)) {
    assert.deepEqual(simulated[step], expected, step);
  }
});

it("the simulator reports like a real charon that a peer does not answer", async () => {
  await using lab = await TwoSites.build();
  await loadHalves(lab.peerSession);
  await using session = await lab.node.session();
  const real = await silenceTranscript(session, {
    stop: () => lab.peer.signal("SIGSTOP"),
    resume: () => lab.peer.signal("SIGCONT"),
  });
  await using simulator = simulated(lab.node.version);
  await simulator.listen(simulatedVici);
  await using other = await connect({ path: simulatedVici });
  const reported = await silenceTranscript(other, {
    stop: () => simulator.peerStops("good"),
    resume: () => simulator.peerResumes("good"),
  });
  assert.deepEqual(reported, real);
});

async function ofRealCharon(): Promise<{ version: CharonVersion; steps: Transcript }> {
  await using lab = await TwoSites.build();
  await loadHalves(lab.peerSession);
  await using session = await lab.node.session();
  const { version } = lab.node;
  return { version, steps: await transcript(session, version) };
}

async function ofSimulator(version: CharonVersion): Promise<Transcript> {
  await using simulator = simulated(version);
  await simulator.listen(simulatedVici);
  await using session = await connect({ path: simulatedVici });
  return await transcript(session, version);
}

function simulated(version: CharonVersion): SimulatedCharon {
  const peer = (name: string) => peers[name as PeerName].behaviour;
  return new SimulatedCharon({ peer, version, retransmitMs: 300 });
}
