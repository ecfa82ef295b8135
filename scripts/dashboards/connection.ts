import { chosen, chosenIke } from "./chosen.ts";
import type { Dashboard } from "./grafana.ts";

/** One connection. */
export const connection: Dashboard = {
  uid: "ipman-connection",
  title: "ipman: connection",
  variables: [
    ["connection", "connection", "ipman_child_up"],
    ["ike_name", "ike_name", "strongswan_ike_state"],
  ],
  panels: [
    {
      title: "Children",
      kind: "timeseries",
      width: 12,
      description: "1 while a child carries traffic.",
      queries: [[`ipman_child_up{${chosen}}`, "{{child}}"]],
    },
    {
      title: "IKE SA",
      kind: "timeseries",
      width: 12,
      description: "The state of the IKE SA in charon.",
      queries: [[`strongswan_ike_state{${chosenIke}} == 1`, "{{state}}"]],
    },
    {
      title: "Active path",
      kind: "timeseries",
      width: 8,
      description:
        "1 for the path that carries the traffic, for a connection with several paths; empty for others.",
      queries: [[`ipman_path_active{${chosen}}`, "{{path}}"]],
    },
    {
      title: "Paths",
      kind: "timeseries",
      width: 8,
      description:
        "1 while the IKE SA of a path is up. Redundant is 1 if another path than the active one could take over.",
      queries: [
        [`ipman_path_up{${chosen}}`, "{{path}}"],
        [`ipman_connection_redundant{${chosen}}`, "redundant"],
      ],
    },
    {
      title: "Switches of the path",
      kind: "timeseries",
      width: 8,
      description: "Switches to another path, by cause.",
      queries: [
        [
          `sum by (cause) (increase(ipman_path_switches_total{${chosen}}[$__rate_interval]))`,
          "{{cause}}",
        ],
      ],
    },
    {
      title: "Gaps of switches",
      kind: "timeseries",
      unit: "s",
      width: 24,
      description:
        "The mean gap of the switches to another path, as the probe of each child measures it; empty without a switch.",
      queries: [
        [
          `increase(ipman_path_switch_gap_seconds_sum{${chosen}}[$__rate_interval]) / (increase(ipman_path_switch_gap_seconds_count{${chosen}}[$__rate_interval]) > 0)`,
          "{{child}}",
        ],
      ],
    },
    {
      title: "In",
      kind: "timeseries",
      unit: "Bps",
      width: 12,
      description: "Inbound traffic of each child.",
      queries: [
        [`rate(strongswan_sa_bytes_inbound{${chosenIke}}[$__rate_interval])`, "{{child_name}}"],
      ],
    },
    {
      title: "Out",
      kind: "timeseries",
      unit: "Bps",
      width: 12,
      description: "Outbound traffic of each child.",
      queries: [
        [`rate(strongswan_sa_bytes_outbound{${chosenIke}}[$__rate_interval])`, "{{child_name}}"],
      ],
    },
    {
      title: "Probe round trip",
      kind: "timeseries",
      unit: "s",
      width: 12,
      description: "Mean round trip time of each child with a probe.",
      queries: [
        [
          `rate(ipman_probe_round_trip_seconds_sum{${chosen}}[$__rate_interval]) / rate(ipman_probe_round_trip_seconds_count{${chosen}}[$__rate_interval])`,
          "{{child}}",
        ],
      ],
    },
    {
      title: "Lost echo requests",
      kind: "timeseries",
      unit: "ops",
      width: 12,
      description: "Echo requests of the probe without an answer.",
      queries: [[`rate(ipman_probe_lost_total{${chosen}}[$__rate_interval])`, "{{child}}"]],
    },
    {
      title: "Age of the SAs",
      kind: "timeseries",
      unit: "s",
      width: 12,
      description: "Time since each SA was established; drops at each rekey.",
      queries: [
        [`strongswan_ike_established_second{${chosenIke}}`, "IKE SA"],
        [`strongswan_sa_established_second{${chosenIke}}`, "{{child_name}}"],
      ],
    },
    {
      title: "Remaining lifetime of the SAs",
      kind: "timeseries",
      unit: "s",
      width: 12,
      description: "Time until each SA expires if it is not rekeyed.",
      queries: [[`strongswan_sa_lifetime_second{${chosenIke}}`, "{{child_name}}"]],
    },
    {
      title: "Time since the last inbound packet",
      kind: "timeseries",
      unit: "s",
      width: 12,
      description: "Inbound idle time of each child.",
      queries: [[`strongswan_sa_last_inbound_seconds{${chosenIke}}`, "{{child_name}}"]],
    },
    {
      title: "Duplicate SAs",
      kind: "timeseries",
      width: 12,
      description: "Additional SAs, usually because both sides initiate.",
      queries: [
        [`strongswan_ike_dupes{${chosenIke}}`, "IKE SA"],
        [`strongswan_sa_dupes{${chosenIke}}`, "{{child_name}}"],
      ],
    },
  ],
};
