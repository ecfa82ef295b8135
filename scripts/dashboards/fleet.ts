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
      description: "Connections whose condition Ready is not True.",
      queries: [["count(max by (connection) (ipman_connection_ready) == 0) or vector(0)", ""]],
    },
    {
      title: "Invalid manifests",
      kind: "stat",
      width: 3,
      description:
        "Manifests with errors; the last valid version stays in effect, if there is one.",
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
      description: "Declared children that carry no traffic.",
      queries: [["count(ipman_child_up == 0) or vector(0)", ""]],
    },
    {
      title: "Children",
      kind: "stat",
      width: 3,
      description: "Declared children.",
      queries: [["count(ipman_child_up)", ""]],
    },
    {
      title: "charons up",
      kind: "stat",
      width: 3,
      description: "charons that answer their agents.",
      queries: [["sum(ipman_charon_up)", ""]],
    },
    {
      title: "Leading operators",
      kind: "stat",
      width: 3,
      description: "Should always be one.",
      queries: [["sum(ipman_leading)", ""]],
    },
    {
      title: "Probes not answered",
      kind: "stat",
      width: 3,
      description: "Children with a probe that is not answered.",
      queries: [["count(ipman_probe_reachable == 0) or vector(0)", ""]],
    },
    {
      title: "Alerts",
      kind: "stat",
      width: 3,
      description: "Firing alerts of ipman.",
      queries: [['count(ALERTS{alertname=~"IPMan.*", alertstate="firing"}) or vector(0)', ""]],
    },
    {
      title: "Connections by state",
      kind: "timeseries",
      width: 12,
      description: "Connections of all agents by state.",
      queries: [["sum by (state) (ipman_connections)", "{{state}}"]],
    },
    {
      title: "Down now",
      kind: "table",
      width: 12,
      description: "Children that carry no traffic.",
      queries: [["ipman_child_up == 0", ""]],
    },
    {
      title: "Traffic",
      kind: "timeseries",
      unit: "Bps",
      width: 12,
      description: "Traffic of all tunnels.",
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
      description: "95th percentile of the duration, by outcome.",
      queries: [
        [
          "histogram_quantile(0.95, sum by (le, outcome) (rate(ipman_negotiation_seconds_bucket[$__rate_interval])))",
          "{{outcome}}",
        ],
      ],
    },
    {
      title: "State transitions",
      kind: "timeseries",
      unit: "ops",
      width: 12,
      description:
        "Transitions of children. A transition from established is a tunnel that went down.",
      queries: [
        [
          'sum by (from, to) (rate(ipman_transitions_total{machine="child"}[$__rate_interval]))',
          "{{from}} → {{to}}",
        ],
      ],
    },
    {
      title: "Packets that IPsec dropped",
      kind: "timeseries",
      unit: "pps",
      width: 12,
      description: "Dropped packets by kernel counter.",
      queries: [
        ["sum by (counter) (rate(ipman_xfrm_errors_total[$__rate_interval])) > 0", "{{counter}}"],
      ],
    },
    {
      title: "Calls to charon, kernel and API server",
      kind: "timeseries",
      unit: "s",
      width: 12,
      description: "Mean duration of each call.",
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
      description: "Fraction of the time in which each event loop was busy.",
      queries: [["ipman_event_loop_utilization", "{{instance}}"]],
    },
  ],
};
