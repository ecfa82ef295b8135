import { chosen } from "./chosen.ts";
import type { Dashboard } from "./grafana.ts";

/** Address pools and admission. */
export const pools: Dashboard = {
  uid: "ipman-pools",
  title: "ipman: address pools and admission",
  variables: [["connection", "connection", "ipman_pool_addresses"]],
  panels: [
    {
      title: "Free addresses",
      kind: "timeseries",
      width: 12,
      description: "Neither a pod's nor promised to one.",
      queries: [
        [`max by (child, pool) (ipman_pool_addresses_free{${chosen}})`, "{{child}} {{pool}}"],
      ],
    },
    {
      title: "Use",
      kind: "timeseries",
      unit: "percentunit",
      width: 12,
      description: "Share of each pool that is given away.",
      queries: [
        [
          `1 - max by (child, pool) (ipman_pool_addresses_free{${chosen}}) / max by (child, pool) (ipman_pool_addresses{${chosen}})`,
          "{{child}} {{pool}}",
        ],
      ],
    },
    {
      title: "Fullest pools",
      kind: "table",
      width: 12,
      description: "Of all connections.",
      queries: [
        [
          "topk(10, 1 - max by (connection, child, pool) (ipman_pool_addresses_free) / max by (connection, child, pool) (ipman_pool_addresses))",
          "",
        ],
      ],
    },
    {
      title: "Answers of the webhooks",
      kind: "timeseries",
      unit: "ops",
      width: 12,
      description: "Pods and documents, by what they were told.",
      queries: [
        [
          "sum by (webhook, outcome) (rate(ipman_admission_seconds_count[$__rate_interval]))",
          "{{webhook}} {{outcome}}",
        ],
      ],
    },
    {
      title: "Time of the webhooks",
      kind: "timeseries",
      unit: "s",
      width: 12,
      description: "The slowest hundredth.",
      queries: [
        [
          "histogram_quantile(0.99, sum by (le, webhook) (rate(ipman_admission_seconds_bucket[$__rate_interval])))",
          "{{webhook}}",
        ],
      ],
    },
    {
      title: "The webhooks' certificate",
      kind: "stat",
      unit: "s",
      width: 12,
      description: "Until it ends.",
      queries: [["min(ipman_webhook_certificate_expiry_timestamp_seconds) - time()", ""]],
    },
  ],
};
