import { chosen } from "./chosen.ts";
import type { Dashboard } from "./grafana.ts";

/** The rate of a counter for each Service or rule, in one direction, over all gateways. */
const rateOf = (name: string, by: string, direction: "inbound" | "outbound") =>
  `sum by (child, ${by}) (rate(${name}{${chosen}, direction="${direction}"}[$__rate_interval]))`;

/** The Services and the translated addresses of one connection. */
export const services: Dashboard = {
  uid: "ipman-services",
  title: "ipman: Services and translation",
  variables: [["connection", "connection", "ipman_child_up"]],
  panels: [
    {
      title: "Services that are not ready",
      kind: "stat",
      width: 8,
      description: "Services whose condition ipman.dialo.ai/Ready is not True.",
      queries: [
        [
          `count(max by (child, service) (ipman_service_ready{${chosen}}) == 0) or vector(0)`,
          "Services",
        ],
      ],
    },
    {
      title: "Services without an endpoint",
      kind: "stat",
      width: 8,
      description: "Services that have a port to which no gateway can forward.",
      queries: [
        [
          `count(max by (child, service) (ipman_service_endpoints{${chosen}}) == 0) or vector(0)`,
          "Services",
        ],
      ],
    },
    {
      title: "Services without a gateway",
      kind: "stat",
      width: 8,
      description: "Services whose child has no active gateway.",
      queries: [
        [
          `count(max by (child, service) (ipman_service_gateway_present{${chosen}}) == 0) or vector(0)`,
          "Services",
        ],
      ],
    },
    {
      title: "Services: in",
      kind: "timeseries",
      unit: "Bps",
      width: 12,
      description: "Traffic from the partner for each Service.",
      queries: [
        [rateOf("ipman_service_bytes_total", "service", "inbound"), "{{child}} {{service}}"],
      ],
    },
    {
      title: "Services: out",
      kind: "timeseries",
      unit: "Bps",
      width: 12,
      description: "Traffic to the partner of each Service.",
      queries: [
        [rateOf("ipman_service_bytes_total", "service", "outbound"), "{{child}} {{service}}"],
      ],
    },
    {
      title: "Services: packets in",
      kind: "timeseries",
      unit: "pps",
      width: 12,
      description:
        "Packets from the partner for each Service, also those that the gateway refuses.",
      queries: [
        [rateOf("ipman_service_packets_total", "service", "inbound"), "{{child}} {{service}}"],
      ],
    },
    {
      title: "Services: packets out",
      kind: "timeseries",
      unit: "pps",
      width: 12,
      description: "Packets to the partner of each Service.",
      queries: [
        [rateOf("ipman_service_packets_total", "service", "outbound"), "{{child}} {{service}}"],
      ],
    },
    {
      title: "Endpoints",
      kind: "timeseries",
      width: 12,
      description:
        "Endpoints to which a gateway forwards, of each Service that the partner reaches: those of the port with the fewest.",
      queries: [
        [`max by (child, service) (ipman_service_endpoints{${chosen}})`, "{{child}} {{service}}"],
      ],
    },
    {
      title: "Tracked connections",
      kind: "timeseries",
      width: 12,
      description: "Connections that gateways track, and how many they can track.",
      queries: [
        [`max by (child) (ipman_gateway_connections{${chosen}})`, "{{child}}"],
        [`max by (child) (ipman_gateway_connections_limit{${chosen}})`, "{{child}} limit"],
      ],
    },
    {
      title: "Translation: in",
      kind: "timeseries",
      unit: "Bps",
      width: 12,
      description: "Traffic from the partner whose addresses each rule of nat translates.",
      queries: [[rateOf("ipman_nat_bytes_total", "rule", "inbound"), "{{child}} {{rule}}"]],
    },
    {
      title: "Translation: out",
      kind: "timeseries",
      unit: "Bps",
      width: 12,
      description: "Traffic to the partner whose addresses each rule of nat translates.",
      queries: [[rateOf("ipman_nat_bytes_total", "rule", "outbound"), "{{child}} {{rule}}"]],
    },
    {
      title: "Translation: packets in",
      kind: "timeseries",
      unit: "pps",
      width: 12,
      description: "Packets from the partner that each rule of nat translates.",
      queries: [[rateOf("ipman_nat_packets_total", "rule", "inbound"), "{{child}} {{rule}}"]],
    },
    {
      title: "Translation: packets out",
      kind: "timeseries",
      unit: "pps",
      width: 12,
      description: "Packets to the partner that each rule of nat translates.",
      queries: [[rateOf("ipman_nat_packets_total", "rule", "outbound"), "{{child}} {{rule}}"]],
    },
  ],
};
