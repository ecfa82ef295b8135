import type { ChildFigures, IkeFigures } from "../model/sa-figures.ts";
import { isInstalled } from "../model/sa.ts";

/** One metric, and its value for each thing that has one. */
export interface Series<Thing> {
  /** Without its prefix. */
  readonly name: string;
  readonly help: string;
  readonly value: (thing: Thing) => number;
}

/** A connection as charon has it: its IKE SA, if there is one, and how many more there are. */
export interface IkeRow {
  readonly ike: IkeFigures | undefined;
  readonly dupes: number;
}

/** A child, likewise. */
export interface ChildRow {
  readonly child: ChildFigures | undefined;
  readonly dupes: number;
}

const flag = (value: boolean | undefined) => (value === true ? 1 : 0);

/** By the names that dashboards know; 0 where the connection is down. */
export const ikeSeries: readonly Series<IkeRow>[] = [
  { name: "ike_version", help: "IKE version.", value: ({ ike }) => ike?.version ?? 0 },
  {
    name: "ike_initiator",
    help: "1 where this side began the IKE SA.",
    value: ({ ike }) => flag(ike?.initiator),
  },
  {
    name: "ike_nat_remote",
    help: "1 where the peer is behind a NAT.",
    value: ({ ike }) => flag(ike?.natRemote),
  },
  {
    name: "ike_nat_fake",
    help: "1 where a NAT is feigned, to wrap ESP in UDP.",
    value: ({ ike }) => flag(ike?.natFake),
  },
  {
    name: "ike_encryption_keysize",
    help: "Bits of the IKE SA's encryption key.",
    value: ({ ike }) => ike?.encryptionKeysize ?? 0,
  },
  {
    name: "ike_integrity_keysize",
    help: "Bits of the IKE SA's integrity key.",
    value: ({ ike }) => ike?.integrityKeysize ?? 0,
  },
  {
    name: "ike_established_second",
    help: "Seconds since the IKE SA was established.",
    value: ({ ike }) => ike?.age ?? 0,
  },
  {
    name: "ike_rekey_second",
    help: "Seconds until the IKE SA is rekeyed.",
    value: ({ ike }) => ike?.rekeyIn ?? 0,
  },
  {
    name: "ike_reauth_second",
    help: "Seconds until the IKE SA is authenticated anew; 0 where it never is.",
    value: ({ ike }) => ike?.reauthIn ?? 0,
  },
  {
    name: "ike_children",
    help: "CHILD SAs of the IKE SA that carry traffic.",
    value: ({ ike }) => ike?.children.filter(isInstalled).length ?? 0,
  },
  {
    name: "ike_dupes",
    help: "Further IKE SAs of the connection that are established.",
    value: ({ dupes }) => dupes,
  },
];

/** By the names that dashboards know; 0 where the child is down. */
export const childSeries: readonly Series<ChildRow>[] = [
  {
    name: "sa_dupes",
    help: "Further CHILD SAs of the child that are installed.",
    value: ({ dupes }) => dupes,
  },
  {
    name: "sa_encap",
    help: "1 where ESP is wrapped in UDP.",
    value: ({ child }) => flag(child?.encapsulated),
  },
  {
    name: "sa_encryption_keysize",
    help: "Bits of the CHILD SA's encryption key.",
    value: ({ child }) => child?.encryptionKeysize ?? 0,
  },
  {
    name: "sa_integrity_keysize",
    help: "Bits of the CHILD SA's integrity key.",
    value: ({ child }) => child?.integrityKeysize ?? 0,
  },
  {
    name: "sa_last_inbound_seconds",
    help: "Seconds since a packet came through the CHILD SA.",
    value: ({ child }) => child?.idleIn ?? 0,
  },
  {
    name: "sa_last_outbound_seconds",
    help: "Seconds since a packet went through the CHILD SA.",
    value: ({ child }) => child?.idleOut ?? 0,
  },
  {
    name: "sa_established_second",
    help: "Seconds since the CHILD SA was installed.",
    value: ({ child }) => child?.age ?? 0,
  },
  {
    name: "sa_rekey_second",
    help: "Seconds until the CHILD SA is rekeyed.",
    value: ({ child }) => child?.rekeyIn ?? 0,
  },
  {
    name: "sa_lifetime_second",
    help: "Seconds until the CHILD SA ends, if it is not rekeyed.",
    value: ({ child }) => child?.lifeLeft ?? 0,
  },
];
