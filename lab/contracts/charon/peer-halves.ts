import type { Message, Session } from "vici-client";
import { conn, peers, sharedOf, type PeerName } from "../../../test/simulator/charon/peers.ts";
import { peerHalf, type Mirror } from "../../sites/peer.ts";

/** The differences in the peer's configuration that cause each behaviour. */
const halves: Partial<Record<PeerName, Mirror>> = {
  good: {},
  stranger: { secret: "another key" },
  childful: { connection: { childless: "never" } },
  weak: { child: { esp_proposals: ["aes128-sha1"] } },
  narrow: { child: { local_ts: ["10.99.0.0/16"] } },
  ciphers: { connection: { proposals: ["aes128-sha1-modp2048"] } },
  offloaded: { child: { hw_offload: "no" } },
};

/** Loads the other half of each connection of the simulator's peers into a real peer. */
export async function loadHalves(peer: Session): Promise<void> {
  for (const [name, half] of Object.entries(halves) as [PeerName, Mirror][]) {
    await peer.request("load-shared", { id: name, ...sharedOf(name, half.secret) });
    const message = conn(name)[name] as Message;
    const loaded = peerHalf(message, peers[name].address, half.child);
    await peer.request("load-conn", { [name]: { ...loaded, ...half.connection } });
  }
}
