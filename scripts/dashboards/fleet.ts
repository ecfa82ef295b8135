import type { Dashboard } from "./grafana.ts";

/** All connections of a cluster or host. */
export const fleet: Dashboard = {
  uid: "ipman-fleet",
  title: "ipman: fleet",
  variables: [],
  panels: [
    {
      title: "Connections not ready",
      kind: "stat",
      width: 3,
      description: "Their condition Ready is not True, for whatever reason.",
      queries: [["count(max by (connection) (ipman_connection_ready) == 0) or vector(0)", ""]],
    },
    {
      title: "Documents not in force",
      kind: "stat",
      width: 3,
      description: "They have problems: the last good version goes on, if there was one.",
      queries: [
        [
          "(count(min by (connection) (ipman_connection_spec_valid) == 0) or vector(0)) + (sum(ipman_unreadable_files) or vector(0))",
          "",
        ],
      ],
    },
    {
      title: "Children down",
      kind: "stat",
      width: 3,
      description: "Declared, and carrying no traffic now.",
      queries: [["count(ipman_child_up == 0) or vector(0)", ""]],
    },
    {
      title: "Children",
      kind: "stat",
      width: 3,
      description: "Declared.",
      queries: [["count(ipman_child_up)", ""]],
    },
    {
      title: "charons that answer",
      kind: "stat",
      width: 3,
      description: "Of all that have an agent.",
      queries: [["sum(ipman_charon_up)", ""]],
    },
    {
      title: "Operators that lead",
      kind: "stat",
      width: 3,
      description: "One, always.",
      queries: [["sum(ipman_leading)", ""]],
    },
    {
      title: "Probes not answered",
      kind: "stat",
      width: 3,
      description: "Children whose probe nobody answers.",
      queries: [["count(ipman_probe_reachable == 0) or vector(0)", ""]],
    },
    {
      title: "Alerts",
      kind: "stat",
      width: 3,
      description: "Of ipman's, firing now.",
      queries: [['count(ALERTS{alertname=~"IPMan.*", alertstate="firing"}) or vector(0)', ""]],
    },
    {
      title: "Connections by state",
      kind: "timeseries",
      width: 12,
      description: "All agents together.",
      queries: [["sum by (state) (ipman_connections)", "{{state}}"]],
    },
    {
      title: "Down now",
      kind: "table",
      width: 12,
      description: "Which children carry no traffic.",
      queries: [["ipman_child_up == 0", ""]],
    },
    {
      title: "Traffic",
      kind: "timeseries",
      unit: "Bps",
      width: 12,
      description: "Through all tunnels.",
      queries: [
        ["sum(rate(strongswan_sa_bytes_inbound[$__rate_interval]))", "in"],
        ["sum(rate(strongswan_sa_bytes_outbound[$__rate_interval]))", "out"],
      ],
    },
    {
      title: "Negotiations",
      kind: "timeseries",
      unit: "s",
      width: 12,
      description: "How long they took, the slowest twentieth; by what came of them.",
      queries: [
        [
          "histogram_quantile(0.95, sum by (le, outcome) (rate(ipman_negotiation_seconds_bucket[$__rate_interval])))",
          "{{outcome}}",
        ],
      ],
    },
    {
      title: "Changes of state",
      kind: "timeseries",
      unit: "ops",
      width: 12,
      description: "Of children: what leaves established is a tunnel that went.",
      queries: [
        [
          'sum by (from, to) (rate(ipman_transitions_total{machine="child"}[$__rate_interval]))',
          "{{from}} → {{to}}",
        ],
      ],
    },
    {
      title: "Packets that IPsec threw away",
      kind: "timeseries",
      unit: "pps",
      width: 12,
      description: "By the kernel's reason.",
      queries: [
        ["sum by (counter) (rate(ipman_xfrm_errors_total[$__rate_interval])) > 0", "{{counter}}"],
      ],
    },
    {
      title: "Calls to charon, kernel and API server",
      kind: "timeseries",
      unit: "s",
      width: 12,
      description: "Mean time of each.",
      queries: [
        [
          "sum by (call) (rate(ipman_adapter_call_seconds_sum[$__rate_interval])) / sum by (call) (rate(ipman_adapter_call_seconds_count[$__rate_interval]))",
          "{{call}}",
        ],
      ],
    },
    {
      title: "Agents' event loops",
      kind: "timeseries",
      unit: "percentunit",
      width: 12,
      description: "Share of the time that each was busy.",
      queries: [["ipman_event_loop_utilization", "{{instance}}"]],
    },
  ],
};
