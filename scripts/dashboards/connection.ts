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
      description: "The state that charon has it in.",
      queries: [[`strongswan_ike_state{${chosenIke}} == 1`, "{{state}}"]],
    },
    {
      title: "In",
      kind: "timeseries",
      unit: "Bps",
      width: 12,
      description: "What comes through each child.",
      queries: [
        [`rate(strongswan_sa_bytes_inbound{${chosenIke}}[$__rate_interval])`, "{{child_name}}"],
      ],
    },
    {
      title: "Out",
      kind: "timeseries",
      unit: "Bps",
      width: 12,
      description: "What goes through each child.",
      queries: [
        [`rate(strongswan_sa_bytes_outbound{${chosenIke}}[$__rate_interval])`, "{{child_name}}"],
      ],
    },
    {
      title: "Round trip of the probe",
      kind: "timeseries",
      unit: "s",
      width: 12,
      description: "Mean, of children that declare one.",
      queries: [
        [
          `rate(ipman_probe_round_trip_seconds_sum{${chosen}}[$__rate_interval]) / rate(ipman_probe_round_trip_seconds_count{${chosen}}[$__rate_interval])`,
          "{{child}}",
        ],
      ],
    },
    {
      title: "Lost of the probe",
      kind: "timeseries",
      unit: "ops",
      width: 12,
      description: "Echo requests that nobody answered.",
      queries: [[`rate(ipman_probe_lost_total{${chosen}}[$__rate_interval])`, "{{child}}"]],
    },
    {
      title: "Age of the SAs",
      kind: "timeseries",
      unit: "s",
      width: 12,
      description: "Falls at each rekey.",
      queries: [
        [`strongswan_ike_established_second{${chosenIke}}`, "IKE SA"],
        [`strongswan_sa_established_second{${chosenIke}}`, "{{child_name}}"],
      ],
    },
    {
      title: "Left of the SAs",
      kind: "timeseries",
      unit: "s",
      width: 12,
      description: "Until they end, if nobody rekeys them.",
      queries: [[`strongswan_sa_lifetime_second{${chosenIke}}`, "{{child_name}}"]],
    },
    {
      title: "Since a packet came",
      kind: "timeseries",
      unit: "s",
      width: 12,
      description: "Of each child.",
      queries: [[`strongswan_sa_last_inbound_seconds{${chosenIke}}`, "{{child_name}}"]],
    },
    {
      title: "Further SAs",
      kind: "timeseries",
      width: 12,
      description: "More than there should be: both sides initiate.",
      queries: [
        [`strongswan_ike_dupes{${chosenIke}}`, "IKE SA"],
        [`strongswan_sa_dupes{${chosenIke}}`, "{{child_name}}"],
      ],
    },
  ],
};
