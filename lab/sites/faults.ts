import { childSpec, connectionSpec, sites, yaml } from "./manifests.ts";
import type { Mirror } from "./peer.ts";
import type { TwoSites } from "./two-sites.ts";

interface Fault {
  /** Differences in ipman's manifest. */
  readonly ours?: object;
  /** Differences in the peer's configuration; undefined if the peer does not have the connection. */
  readonly peer?: Mirror;
}

/** Faults that keep a connection from coming up. */
export const faults = {
  psk: { peer: { secret: "another-key" } },
  // With a separate address, since a peer chooses among all connections that match the addresses.
  ike: {
    ours: { remoteAddr: sites.peer.other },
    peer: { connection: { proposals: ["aes128-sha512-modp2048"] } },
  },
  esp: { peer: { child: { esp_proposals: ["chacha20poly1305"] } } },
  ts: { peer: { child: { local_ts: ["10.99.0.0/16"] } } },
  extra: { ours: { extra: { no_such_option: "1" } } },
  away: { ours: { remoteAddr: "192.168.1.99" } },
  /** No Secret contains the key. */
  nokey: {},
} as const satisfies Readonly<Record<string, Fault>>;

export type FaultName = keyof typeof faults;

/** A connection whose child has the given number. */
export function numbered(name: string, n: number, changes: object = {}) {
  return connectionSpec(name, { children: { [`child-${n}`]: childSpec(n) }, ...changes });
}

/** Declares a connection with the fault, which is named after it, in `NAME.yaml`. */
export async function plant(lab: TwoSites, name: FaultName, n: number): Promise<void> {
  const { ours, peer }: Fault = faults[name];
  const cr = numbered(name, n, ours);
  if (peer !== undefined) await lab.mirror(cr, peer);
  lab.ipman.apply(`${name}.yaml`, yaml(cr));
}
