import { grafana, type Dashboard } from "./grafana.ts";

const fleet: Dashboard = {
  uid: "ipman-fleet",
  title: "ipman: fleet",
  variables: [],
  panels: [
    {
      ...{ title: "Connections not ready", kind: "stat", width: 3 },
      description: "Their condition Ready is not True, for whatever reason.",
      queries: [["count(max by (connection) (ipman_connection_ready) == 0) or vector(0)", ""]],
    },
    {
      ...{ title: "Documents not in force", kind: "stat", width: 3 },
      description: "They have problems: the last good version goes on, if there was one.",
      queries: [
        [
          "(count(min by (connection) (ipman_connection_spec_valid) == 0) or vector(0)) + (sum(ipman_unreadable_files) or vector(0))",
          "",
        ],
      ],
    },
    {
      ...{ title: "Children down", kind: "stat", width: 3 },
      description: "Declared, and carrying no traffic now.",
      queries: [["count(ipman_child_up == 0) or vector(0)", ""]],
    },
    {
      ...{ title: "Children", kind: "stat", width: 3 },
      description: "Declared.",
      queries: [["count(ipman_child_up)", ""]],
    },
    {
      ...{ title: "charons that answer", kind: "stat", width: 3 },
      description: "Of all that have an agent.",
      queries: [["sum(ipman_charon_up)", ""]],
    },
    {
      ...{ title: "Operators that lead", kind: "stat", width: 3 },
      description: "One, always.",
      queries: [["sum(ipman_leading)", ""]],
    },
    {
      ...{ title: "Probes not answered", kind: "stat", width: 3 },
      description: "Children whose probe nobody answers.",
      queries: [["count(ipman_probe_reachable == 0) or vector(0)", ""]],
    },
    {
      ...{ title: "Alerts", kind: "stat", width: 3 },
      description: "Of ipman's, firing now.",
      queries: [['count(ALERTS{alertname=~"IPMan.*", alertstate="firing"}) or vector(0)', ""]],
    },
    {
      ...{ title: "Connections by state", kind: "timeseries", width: 12 },
      description: "All agents together.",
      queries: [["sum by (state) (ipman_connections)", "{{state}}"]],
    },
    {
      ...{ title: "Down now", kind: "table", width: 12 },
      description: "Which children carry no traffic.",
      queries: [["ipman_child_up == 0", ""]],
    },
    {
      ...{ title: "Traffic", kind: "timeseries", unit: "Bps", width: 12 },
      description: "Through all tunnels.",
      queries: [
        ["sum(rate(strongswan_sa_bytes_inbound[$__rate_interval]))", "in"],
        ["sum(rate(strongswan_sa_bytes_outbound[$__rate_interval]))", "out"],
      ],
    },
    {
      ...{ title: "Negotiations", kind: "timeseries", unit: "s", width: 12 },
      description: "How long they took, the slowest twentieth; by what came of them.",
      queries: [
        [
          "histogram_quantile(0.95, sum by (le, outcome) (rate(ipman_negotiation_seconds_bucket[$__rate_interval])))",
          "{{outcome}}",
        ],
      ],
    },
    {
      ...{ title: "Changes of state", kind: "timeseries", unit: "ops", width: 12 },
      description: "Of children: what leaves established is a tunnel that went.",
      queries: [
        [
          'sum by (from, to) (rate(ipman_transitions_total{machine="child"}[$__rate_interval]))',
          "{{from}} → {{to}}",
        ],
      ],
    },
    {
      ...{ title: "Packets that IPsec threw away", kind: "timeseries", unit: "pps", width: 12 },
      description: "By the kernel's reason.",
      queries: [
        ["sum by (counter) (rate(ipman_xfrm_errors_total[$__rate_interval])) > 0", "{{counter}}"],
      ],
    },
    {
      ...{
        title: "Calls to charon, kernel and API server",
        kind: "timeseries",
        unit: "s",
        width: 12,
      },
      description: "Mean time of each.",
      queries: [
        [
          "sum by (call) (rate(ipman_adapter_call_seconds_sum[$__rate_interval])) / sum by (call) (rate(ipman_adapter_call_seconds_count[$__rate_interval]))",
          "{{call}}",
        ],
      ],
    },
    {
      ...{ title: "Agents' event loops", kind: "timeseries", unit: "percentunit", width: 12 },
      description: "Share of the time that each was busy.",
      queries: [["ipman_event_loop_utilization", "{{instance}}"]],
    },
  ],
};

const chosen = 'connection="$connection"';
const chosenIke = 'ike_name="$ike_name"';

const connection: Dashboard = {
  uid: "ipman-connection",
  title: "ipman: connection",
  variables: [
    ["connection", "connection", "ipman_child_up"],
    ["ike_name", "ike_name", "strongswan_ike_state"],
  ],
  panels: [
    {
      ...{ title: "Children", kind: "timeseries", width: 12 },
      description: "1 while a child carries traffic.",
      queries: [[`ipman_child_up{${chosen}}`, "{{child}}"]],
    },
    {
      ...{ title: "IKE SA", kind: "timeseries", width: 12 },
      description: "The state that charon has it in.",
      queries: [[`strongswan_ike_state{${chosenIke}} == 1`, "{{state}}"]],
    },
    {
      ...{ title: "In", kind: "timeseries", unit: "Bps", width: 12 },
      description: "What comes through each child.",
      queries: [
        [`rate(strongswan_sa_bytes_inbound{${chosenIke}}[$__rate_interval])`, "{{child_name}}"],
      ],
    },
    {
      ...{ title: "Out", kind: "timeseries", unit: "Bps", width: 12 },
      description: "What goes through each child.",
      queries: [
        [`rate(strongswan_sa_bytes_outbound{${chosenIke}}[$__rate_interval])`, "{{child_name}}"],
      ],
    },
    {
      ...{ title: "Round trip of the probe", kind: "timeseries", unit: "s", width: 12 },
      description: "Mean, of children that declare one.",
      queries: [
        [
          `rate(ipman_probe_round_trip_seconds_sum{${chosen}}[$__rate_interval]) / rate(ipman_probe_round_trip_seconds_count{${chosen}}[$__rate_interval])`,
          "{{child}}",
        ],
      ],
    },
    {
      ...{ title: "Lost of the probe", kind: "timeseries", unit: "ops", width: 12 },
      description: "Echo requests that nobody answered.",
      queries: [[`rate(ipman_probe_lost_total{${chosen}}[$__rate_interval])`, "{{child}}"]],
    },
    {
      ...{ title: "Age of the SAs", kind: "timeseries", unit: "s", width: 12 },
      description: "Falls at each rekey.",
      queries: [
        [`strongswan_ike_established_second{${chosenIke}}`, "IKE SA"],
        [`strongswan_sa_established_second{${chosenIke}}`, "{{child_name}}"],
      ],
    },
    {
      ...{ title: "Left of the SAs", kind: "timeseries", unit: "s", width: 12 },
      description: "Until they end, if nobody rekeys them.",
      queries: [[`strongswan_sa_lifetime_second{${chosenIke}}`, "{{child_name}}"]],
    },
    {
      ...{ title: "Since a packet came", kind: "timeseries", unit: "s", width: 12 },
      description: "Of each child.",
      queries: [[`strongswan_sa_last_inbound_seconds{${chosenIke}}`, "{{child_name}}"]],
    },
    {
      ...{ title: "Further SAs", kind: "timeseries", width: 12 },
      description: "More than there should be: both sides initiate.",
      queries: [
        [`strongswan_ike_dupes{${chosenIke}}`, "IKE SA"],
        [`strongswan_sa_dupes{${chosenIke}}`, "{{child_name}}"],
      ],
    },
  ],
};

const pools: Dashboard = {
  uid: "ipman-pools",
  title: "ipman: address pools and admission",
  variables: [["connection", "connection", "ipman_pool_addresses"]],
  panels: [
    {
      ...{ title: "Free addresses", kind: "timeseries", width: 12 },
      description: "Neither a pod's nor promised to one.",
      queries: [
        [`max by (child, pool) (ipman_pool_addresses_free{${chosen}})`, "{{child}} {{pool}}"],
      ],
    },
    {
      ...{ title: "Use", kind: "timeseries", unit: "percentunit", width: 12 },
      description: "Share of each pool that is given away.",
      queries: [
        [
          `1 - max by (child, pool) (ipman_pool_addresses_free{${chosen}}) / max by (child, pool) (ipman_pool_addresses{${chosen}})`,
          "{{child}} {{pool}}",
        ],
      ],
    },
    {
      ...{ title: "Fullest pools", kind: "table", width: 12 },
      description: "Of all connections.",
      queries: [
        [
          "topk(10, 1 - max by (connection, child, pool) (ipman_pool_addresses_free) / max by (connection, child, pool) (ipman_pool_addresses))",
          "",
        ],
      ],
    },
    {
      ...{ title: "Answers of the webhooks", kind: "timeseries", unit: "ops", width: 12 },
      description: "Pods and documents, by what they were told.",
      queries: [
        [
          "sum by (webhook, outcome) (rate(ipman_admission_seconds_count[$__rate_interval]))",
          "{{webhook}} {{outcome}}",
        ],
      ],
    },
    {
      ...{ title: "Time of the webhooks", kind: "timeseries", unit: "s", width: 12 },
      description: "The slowest hundredth.",
      queries: [
        [
          "histogram_quantile(0.99, sum by (le, webhook) (rate(ipman_admission_seconds_bucket[$__rate_interval])))",
          "{{webhook}}",
        ],
      ],
    },
    {
      ...{ title: "The webhooks' certificate", kind: "stat", unit: "s", width: 12 },
      description: "Until it ends.",
      queries: [["min(ipman_webhook_certificate_expiry_timestamp_seconds) - time()", ""]],
    },
  ],
};

/** The dashboards by the names of their files, as Grafana takes them. */
export const dashboards: ReadonlyMap<string, object> = new Map(
  Object.entries({ fleet, connection, pools }).map(([name, one]) => [name, grafana(one)]),
);

/** Every expression of all dashboards. */
export const expressions: readonly string[] = [fleet, connection, pools].flatMap(({ panels }) =>
  panels.flatMap(({ queries }) => queries.map(([expression]) => expression)),
);
