import type { Message } from "vici-client";
import type { Behaviour } from "./behaviour.ts";

/** The peers that the transcript needs: connections by name, with their behaviour. */
export const peers = {
  good: { address: "192.168.1.2", behaviour: "answers" },
  stranger: { address: "192.168.1.2", behaviour: "wrong key" },
  childful: { address: "192.168.1.2", behaviour: "needs children" },
  weak: { address: "192.168.1.2", behaviour: "no ESP proposal" },
  narrow: { address: "192.168.1.2", behaviour: "no selectors" },
  /** A responder tries the proposals of each connection with this address. */
  ciphers: { address: "192.168.1.3", behaviour: "no IKE proposal" },
  offloaded: { address: "192.168.1.2", behaviour: "kernel refuses" },
  /** No host has this address. */
  dead: { address: "192.168.1.99", behaviour: "silent" },
  /** No host has this name (RFC 2606). */
  nameless: { address: "peer.invalid", behaviour: "unresolved" },
} as const satisfies Record<string, { address: string; behaviour: Behaviour }>;

export type PeerName = keyof typeof peers;

/** A `load-conn` message like ipman's. */
export function conn(name: PeerName, changes: Message = {}): Record<string, Message> {
  const child = (n: number) => ({
    mode: "tunnel",
    esp_proposals: ["aes256-sha256"],
    local_ts: [`10.0.${n}.0/24`],
    remote_ts: [`10.1.${n}.0/24`],
    if_id_in: String(100 + n),
    if_id_out: String(100 + n),
    start_action: "none",
    close_action: "none",
    dpd_action: "clear",
    ...(name === "offloaded" && { hw_offload: "yes" }),
  });
  return {
    [name]: {
      version: "2",
      proposals: ["aes256-sha256-ecp256"],
      rekey_time: "4h",
      reauth_time: "0s",
      local_addrs: ["192.168.1.1"],
      remote_addrs: [peers[name].address],
      local: { auth: "psk", id: `node.${name}` },
      remote: { auth: "psk", id: `peer.${name}` },
      children: { net: child(2), other: child(3) },
      ...changes,
    },
  };
}

/** The key of both ends of a connection, for `load-shared`. */
export function sharedOf(name: string, data: string | Uint8Array = "the key") {
  return { type: "IKE", data, owners: [`peer.${name}`] };
}
