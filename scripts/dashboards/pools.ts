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
      description: "Addresses that are neither used nor reserved.",
      queries: [
        [`max by (child, pool) (ipman_pool_addresses_free{${chosen}})`, "{{child}} {{pool}}"],
      ],
    },
    {
      title: "Usage",
      kind: "timeseries",
      unit: "percentunit",
      width: 12,
      description: "Fraction of each pool that is used or reserved.",
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
      description: "The pools of all connections with the highest usage.",
      queries: [
        [
          "topk(10, 1 - max by (connection, child, pool) (ipman_pool_addresses_free) / max by (connection, child, pool) (ipman_pool_addresses))",
          "",
        ],
      ],
    },
    {
      title: "Webhook requests",
      kind: "timeseries",
      unit: "ops",
      width: 12,
      description: "Requests by webhook and outcome.",
      queries: [
        [
          "sum by (webhook, outcome) (rate(ipman_admission_seconds_count[$__rate_interval]))",
          "{{webhook}} {{outcome}}",
        ],
      ],
    },
    {
      title: "Webhook latency",
      kind: "timeseries",
      unit: "s",
      width: 12,
      description: "99th percentile of the duration.",
      queries: [
        [
          "histogram_quantile(0.99, sum by (le, webhook) (rate(ipman_admission_seconds_bucket[$__rate_interval])))",
          "{{webhook}}",
        ],
      ],
    },
    {
      title: "Webhook certificate",
      kind: "stat",
      unit: "s",
      width: 12,
      description: "Time until the certificate expires.",
      queries: [["min(ipman_webhook_certificate_expiry_timestamp_seconds) - time()", ""]],
    },
  ],
};
