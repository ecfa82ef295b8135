import type { CharonStatistics } from "../../adapters/vici/statistics-session.ts";
import { isEstablished, isInstalled, type ChildSa, type IkeSa } from "../../model/charon/sa.ts";
import type { Traffic } from "../../model/charon/traffic.ts";
import type { MetricFamily } from "./exposition.ts";

/** The IKE SA of a connection, if there is one, and the number of additional established ones. */
export interface IkeRow {
  readonly ike: IkeSa | undefined;
  readonly dupes: number;
}

/** The CHILD SA of a child, likewise, and the traffic of the child so far. */
export interface ChildRow {
  readonly child: ChildSa | undefined;
  readonly dupes: number;
  readonly carried: Traffic;
}

const gauge = <Thing>(
  name: string,
  help: string,
  value: (thing: Thing) => number,
): MetricFamily<Thing> => ({ name: `strongswan_${name}`, help, type: "gauge", value });

const counter = (field: keyof Traffic, name: string, help: string): MetricFamily<ChildRow> => ({
  name: `strongswan_${name}`,
  help,
  type: "counter",
  value: ({ carried }) => carried[field],
});

const flag = (value: boolean | undefined) => (value === true ? 1 : 0);

/** The series of an IKE SA, under the names that dashboards query; 0 if the connection is down. */
export const ikeSeries: readonly MetricFamily<IkeRow>[] = [
  gauge("ike_version", "IKE version.", ({ ike }) => ike?.statistics?.version ?? 0),
  gauge("ike_initiator", "1 if this side initiated the IKE SA.", ({ ike }) =>
    flag(ike?.statistics?.initiator),
  ),
  gauge("ike_nat_remote", "1 if the peer is behind a NAT.", ({ ike }) =>
    flag(ike?.statistics?.natRemote),
  ),
  gauge("ike_nat_fake", "1 if NAT detection is forced, to encapsulate ESP in UDP.", ({ ike }) =>
    flag(ike?.statistics?.natFake),
  ),
  gauge(
    "ike_encryption_keysize",
    "Size of the IKE SA's encryption key in bits.",
    ({ ike }) => ike?.statistics?.encryptionKeysize ?? 0,
  ),
  gauge(
    "ike_integrity_keysize",
    "Size of the IKE SA's integrity key in bits.",
    ({ ike }) => ike?.statistics?.integrityKeysize ?? 0,
  ),
  gauge(
    "ike_established_second",
    "Seconds since the IKE SA was established.",
    ({ ike }) => ike?.statistics?.age ?? 0,
  ),
  gauge(
    "ike_rekey_second",
    "Seconds until the IKE SA is rekeyed.",
    ({ ike }) => ike?.statistics?.rekeyIn ?? 0,
  ),
  gauge(
    "ike_reauth_second",
    "Seconds until the IKE SA is reauthenticated; 0 if it is not.",
    ({ ike }) => ike?.statistics?.reauthIn ?? 0,
  ),
  gauge(
    "ike_children",
    "Number of CHILD SAs of the IKE SA that carry traffic.",
    ({ ike }) => ike?.children.filter(isInstalled).length ?? 0,
  ),
  gauge(
    "ike_dupes",
    "Number of additional established IKE SAs of the connection.",
    ({ dupes }) => dupes,
  ),
];

/** The series of a child, under the names that dashboards query; 0 if the child is down. */
export const childSeries: readonly MetricFamily<ChildRow>[] = [
  gauge("sa_dupes", "Number of additional installed CHILD SAs of the child.", ({ dupes }) => dupes),
  gauge("sa_encap", "1 if ESP is encapsulated in UDP.", ({ child }) => flag(child?.encapsulated)),
  gauge(
    "sa_encryption_keysize",
    "Size of the CHILD SA's encryption key in bits.",
    ({ child }) => child?.statistics?.encryptionKeysize ?? 0,
  ),
  gauge(
    "sa_integrity_keysize",
    "Size of the CHILD SA's integrity key in bits.",
    ({ child }) => child?.statistics?.integrityKeysize ?? 0,
  ),
  gauge(
    "sa_last_inbound_seconds",
    "Seconds since the last inbound packet of the CHILD SA.",
    ({ child }) => child?.statistics?.idleIn ?? 0,
  ),
  gauge(
    "sa_last_outbound_seconds",
    "Seconds since the last outbound packet of the CHILD SA.",
    ({ child }) => child?.statistics?.idleOut ?? 0,
  ),
  gauge(
    "sa_established_second",
    "Seconds since the CHILD SA was installed.",
    ({ child }) => child?.statistics?.age ?? 0,
  ),
  gauge(
    "sa_rekey_second",
    "Seconds until the CHILD SA is rekeyed.",
    ({ child }) => child?.statistics?.rekeyIn ?? 0,
  ),
  gauge(
    "sa_lifetime_second",
    "Seconds until the CHILD SA expires if it is not rekeyed.",
    ({ child }) => child?.statistics?.lifeLeft ?? 0,
  ),
  counter(
    "bytesIn",
    "sa_bytes_inbound",
    "Inbound bytes of the child's CHILD SAs, over all rekeys.",
  ),
  counter(
    "packetsIn",
    "sa_packets_inbound",
    "Inbound packets of the child's CHILD SAs, over all rekeys.",
  ),
  counter(
    "bytesOut",
    "sa_bytes_outbound",
    "Outbound bytes of the child's CHILD SAs, over all rekeys.",
  ),
  counter(
    "packetsOut",
    "sa_packets_outbound",
    "Outbound packets of the child's CHILD SAs, over all rekeys.",
  ),
];

/** The numbers of SAs and of loaded connections and children. */
export const countSeries: readonly MetricFamily<CharonStatistics>[] = [
  gauge(
    "number_of_known_ikes",
    "Number of IKE SAs that charon lists.",
    ({ ikeSas }) => ikeSas.length,
  ),
  gauge(
    "number_of_ikes_connected",
    "Number of established IKE SAs.",
    ({ ikeSas }) => ikeSas.filter(isEstablished).length,
  ),
  gauge(
    "number_of_connections_loaded",
    "Number of connections that charon has loaded.",
    ({ loaded }) => loaded.size,
  ),
  gauge(
    "number_of_children_loaded",
    "Number of children of the loaded connections.",
    ({ loaded }) => [...loaded.values()].flat().length,
  ),
];

const one = () => 1;

/** The series of each connection that charon has loaded. */
export const connectionLoaded = [
  gauge<string>("connections_loaded", "1 if charon has loaded the connection.", one),
];

/** The series of each child that charon has loaded. */
export const childLoaded = [
  gauge<string>("children_loaded", "1 if charon has loaded the child.", one),
];

/** IKE SA states, as charon names them. */
export const ikeStates = [
  "CREATED",
  "CONNECTING",
  "ESTABLISHED",
  "PASSIVE",
  "REKEYING",
  "REKEYED",
  "DELETING",
];

/** The series of each state of each connection's IKE SA. */
export const stateSeries: readonly MetricFamily<boolean>[] = [
  gauge("ike_state", "1 for the current state of the IKE SA, 0 for all others.", flag),
];

/** The series that shows whether charon answered. */
export const upSeries: readonly MetricFamily<boolean>[] = [
  {
    name: "ipman_charon_up",
    help: "1 if charon answered this scrape.",
    type: "gauge",
    value: flag,
  },
];

/** The families of all series in this file. */
export const charonFamilies: readonly Pick<MetricFamily<never>, "name" | "type">[] = [
  ...upSeries,
  ...countSeries,
  ...connectionLoaded,
  ...childLoaded,
  ...stateSeries,
  ...ikeSeries,
  ...childSeries,
];
