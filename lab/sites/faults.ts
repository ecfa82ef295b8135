import { childSpec, connectionSpec, sites, yaml } from "./manifests.ts";
import type { Mirror } from "./peer.ts";
import type { TwoSites } from "./two-sites.ts";

interface Fault {
  /** What our document says otherwise. */
  readonly ours?: object;
  /** What the peer has otherwise; left out where it has nothing at all. */
  readonly peer?: Mirror;
}

/** What keeps a connection from coming up. */
export const faults = {
  psk: { peer: { secret: "another-key" } },
  // At an address of its own: a peer chooses among all connections that match addresses.
  ike: {
    ours: { remoteAddr: sites.peer.other },
    peer: { connection: { proposals: ["aes128-sha512-modp2048"] } },
  },
  esp: { peer: { child: { esp_proposals: ["chacha20poly1305"] } } },
  ts: { peer: { child: { local_ts: ["10.99.0.0/16"] } } },
  extra: { ours: { extra: { no_such_option: "1" } } },
  away: { ours: { remoteAddr: "192.168.1.99" } },
  /** No Secret has its key. */
  nokey: {},
} as const satisfies Readonly<Record<string, Fault>>;

export type FaultName = keyof typeof faults;

/** A connection with a child of its own number. */
export function numbered(name: string, n: number, changes: object = {}) {
  return connectionSpec(name, { children: { [`child-${n}`]: childSpec(n) }, ...changes });
}

/** Declares a connection with that fault and of its name, in `NAME.yaml`. */
export async function plant(lab: TwoSites, name: FaultName, n: number): Promise<void> {
  const { ours, peer }: Fault = faults[name];
  const cr = numbered(name, n, ours);
  if (peer !== undefined) await lab.mirror(cr, peer);
  lab.ipman.apply(`${name}.yaml`, yaml(cr));
}
